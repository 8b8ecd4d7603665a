import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decide,
  headroom,
  keyLimits,
  refusalText,
  type KeyLimits,
  type WindowShare,
} from '../../../src/access/limits/key-limits.ts';
import {
  admit,
  atTime,
  settle,
  unused,
  vouch,
  VOUCH_MS,
  type LimitState,
} from '../../../src/access/limits/limit-state.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const at = (now: number, shares: readonly WindowShare[] = []) => ({ now, shares });

/** A state in which requests came, so many seconds ago each, and none runs any more. */
const after = (...secondsAgo: readonly number[]): LimitState =>
  secondsAgo.reduce((state, ago, index) => {
    const now = noon - ago * 1000;
    return settle(admit(state, { id: `${index}`, now }), { id: `${index}`, now, used: { tokens: 0, usd: 0 } });
  }, unused);

const used = (tokens: number, usd: number): LimitState => settle(unused, { id: 'x', now: noon, used: { tokens, usd } });

const running = (...ids: readonly string[]): LimitState =>
  ids.reduce((state, id) => admit(state, { id, now: noon }), unused);

const shares: readonly WindowShare[] = [
  { window: 'five_hour', used: 0.31, resetsAt: noon + 3_600_000 },
  { window: 'seven_day', used: 0.1, resetsAt: noon + 86_400_000 },
];

describe('decide', () => {
  it.each<[string, KeyLimits, LimitState, string, number]>([
    ['no limits', {}, after(1, 2, 3), 'allowed', 0],
    ['requests: below', { requestsPerMinute: 3 }, after(1, 2), 'allowed', 0],
    ['requests: reached', { requestsPerMinute: 3 }, after(1, 2, 30), 'requestsPerMinute', 31],
    ['requests: reached within one second', { requestsPerMinute: 3 }, after(1, 1, 1), 'requestsPerMinute', 60],
    ['requests: the oldest is a minute ago', { requestsPerMinute: 3 }, after(1, 2, 61), 'allowed', 0],
    ['requests: lowered below what came', { requestsPerMinute: 1 }, after(10, 20, 50), 'requestsPerMinute', 51],
    ['turns: below', { turnsAtOnce: 2 }, running('a'), 'allowed', 0],
    ['turns: reached', { turnsAtOnce: 2 }, running('a', 'b'), 'turnsAtOnce', 5],
    ['tokens of the day', { tokensPerDay: 100 }, used(100, 0), 'tokensPerDay', 43_200],
    ['tokens of the day: below', { tokensPerDay: 101 }, used(100, 0), 'allowed', 0],
    ['tokens of the month', { tokensPerMonth: 100 }, used(100, 0), 'tokensPerMonth', 6.5 * 86_400],
    ['dollars of the day', { usdPerDay: 1 }, used(0, 1.5), 'usdPerDay', 43_200],
    ['dollars of the month', { usdPerMonth: 1 }, used(0, 1), 'usdPerMonth', 6.5 * 86_400],
    ['share of the plan', { planShare: { five_hour: 0.3 } }, unused, 'planShare.five_hour', 3_600],
    ['share of another window', { planShare: { seven_day: 0.3 } }, unused, 'allowed', 0],
    ['share of a window that nobody has seen', { planShare: { seven_day_opus: 0.3 } }, unused, 'allowed', 0],
    [
      'the one that lasts longest',
      { turnsAtOnce: 1, tokensPerDay: 1 },
      settle(running('a'), { id: 'b', now: noon, used: { tokens: 1, usd: 0 } }),
      'tokensPerDay',
      43_200,
    ],
  ])('%s', (_, limits, state, limit, seconds) => {
    const decision = decide(limits, state, at(noon, shares));
    if (limit === 'allowed') return expect(decision).toEqual({ kind: 'allowed' });
    expect(decision).toMatchObject({ kind: 'refused', by: { limit }, retryAfterSeconds: seconds });
  });

  it('begins days and months anew in UTC', () => {
    const late = Date.parse('2026-11-30T23:59:59Z');
    const state = settle(unused, { id: 'x', now: late, used: { tokens: 5, usd: 1 } });
    const limits = { tokensPerDay: 5, usdPerMonth: 1 };
    expect(decide(limits, state, at(late)).kind).toBe('refused');
    expect(decide(limits, state, at(late + 1_000))).toEqual({ kind: 'allowed' });
  });

  it('is not fooled by a server whose clock is behind', () => {
    const state = used(5, 0);
    expect(decide({ tokensPerDay: 5 }, state, at(noon - 86_400_000)).kind).toBe('refused');
    expect(
      atTime(settle(state, { id: 'y', now: noon - 86_400_000, used: { tokens: 1, usd: 0 } }), noon).day.tokens,
    ).toBe(6);
  });

  it('says which limit it was', () => {
    const texts = headroom(
      {
        requestsPerMinute: 1,
        turnsAtOnce: 1,
        tokensPerDay: 1,
        tokensPerMonth: 1,
        usdPerDay: 1,
        usdPerMonth: 1,
        planShare: { five_hour: 0.3 },
      },
      unused,
      at(noon, shares),
    ).map((each) => [each.limit, refusalText(each)] as const);
    expect(texts).toHaveLength(7);
    for (const [limit, text] of texts) expect(text).toContain(limit);
    expect(texts.at(-1)?.[1]).toBe(
      "This key has used 31 % of the plan's five_hour window and may use 30 % (planShare.five_hour).",
    );
  });
});

describe('keyLimits', () => {
  it.each([
    { requestsPerMinute: 0 },
    { requestsPerMinute: 1.5 },
    { turnsAtOnce: -1 },
    { usdPerDay: 0 },
    { usdPerDay: Number.NaN },
    { planShare: { five_hour: 1.01 } },
    { planShare: { five_hour: 0 } },
    { planShare: { 'Five Hours': 0.3 } },
    { requestsPerHour: 1 },
  ])('refuses %j', (limits) => {
    expect(keyLimits.safeParse(limits).success).toBe(false);
  });

  it('takes all of them, and none', () => {
    const all = {
      requestsPerMinute: 1,
      turnsAtOnce: 1,
      tokensPerDay: 1,
      tokensPerMonth: 1,
      usdPerDay: 0.5,
      usdPerMonth: 1,
      planShare: { five_hour: 1 },
    };
    expect(keyLimits.parse(all)).toEqual(all);
    expect(keyLimits.parse({})).toEqual({});
  });
});

describe('a turn', () => {
  it('stops counting when its server no longer vouches for it', () => {
    const state = running('a');
    expect(atTime(state, noon + VOUCH_MS - 1).running).toHaveLength(1);
    expect(atTime(state, noon + VOUCH_MS).running).toHaveLength(0);
  });

  it('goes on counting while its server does, also after it was given up', () => {
    const later = vouch(running('a'), { ids: ['a'], now: noon + VOUCH_MS + 1 });
    expect(atTime(later, noon + VOUCH_MS + 2).running).toHaveLength(1);
  });

  it('is counted with what it used, also after it was given up', () => {
    const later = noon + VOUCH_MS + 1;
    const state = settle(running('a'), { id: 'a', now: later, used: { tokens: 7, usd: 0.5 } });
    expect([state.running, state.day.tokens, state.month.usd]).toEqual([[], 7, 0.5]);
  });
});

/** What can happen to a key; times only go forward. */
const events = fc.array(
  fc.record({
    afterMs: fc.nat(20_000),
    what: fc.oneof(
      { weight: 3, arbitrary: fc.constant('ask' as const) },
      { weight: 1, arbitrary: fc.constant('end' as const) },
      { weight: 1, arbitrary: fc.constant('vouch' as const) },
    ),
    tokens: fc.nat(50),
  }),
  { maxLength: 80 },
);

const someLimits = fc.record(
  {
    requestsPerMinute: fc.integer({ min: 1, max: 8 }),
    turnsAtOnce: fc.integer({ min: 1, max: 4 }),
    tokensPerDay: fc.integer({ min: 1, max: 200 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<KeyLimits>;

interface Played {
  readonly allowed: readonly number[];
  readonly mostRunning: number;
  readonly state: LimitState;
  readonly now: number;
  readonly tokens: number;
}

const play = (
  limits: KeyLimits,
  happened: readonly { afterMs: number; what: 'ask' | 'end' | 'vouch'; tokens: number }[],
): Played => {
  let [state, now, tokens, mostRunning, count] = [unused, noon, 0, 0, 0];
  const allowed: number[] = [];
  const open: string[] = [];
  for (const { afterMs, what, tokens: some } of happened) {
    now += afterMs;
    if (what === 'ask' && decide(limits, state, at(now)).kind === 'allowed') {
      const id = String((count += 1));
      state = admit(state, { id, now });
      open.push(id);
      allowed.push(now);
    }
    if (what === 'vouch') state = vouch(state, { ids: open, now });
    const ended = what === 'end' ? open.shift() : undefined;
    if (ended !== undefined) {
      state = settle(state, { id: ended, now, used: { tokens: some, usd: 0 } });
      tokens += some;
    }
    mostRunning = Math.max(mostRunning, atTime(state, now).running.length);
  }
  return { allowed, mostRunning, state, now, tokens };
};

describe('whatever happens', () => {
  it('no minute has more requests than the limit', () => {
    fc.assert(
      fc.property(someLimits, events, (limits, happened) => {
        const { allowed } = play(limits, happened);
        for (const start of allowed) {
          const inMinute = allowed.filter((time) => time >= start && time < start + 60_000);
          expect(inMinute.length).toBeLessThanOrEqual(limits.requestsPerMinute ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  it('no more turns run than may, as long as servers vouch in time', () => {
    fc.assert(
      fc.property(someLimits, events, (limits, happened) => {
        const often = happened.flatMap((event) => [{ ...event, what: 'vouch' as const, afterMs: 0 }, event]);
        expect(play(limits, often).mostRunning).toBeLessThanOrEqual(limits.turnsAtOnce ?? Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('every token counts, once, and the state stays small', () => {
    fc.assert(
      fc.property(someLimits, events, (limits, happened) => {
        const { state, tokens, now } = play(limits, happened);
        expect(atTime(state, now).month.tokens).toBe(tokens);
        expect(state.admitted.length).toBeLessThanOrEqual(62);
      }),
    );
  });

  it('who waits as long as told gets in, unless turns still run', () => {
    fc.assert(
      fc.property(someLimits, events, (limits, happened) => {
        const { state, now } = play(limits, happened);
        const decision = decide(limits, state, at(now));
        if (decision.kind === 'allowed' || decision.by.limit === 'turnsAtOnce') return;
        const later = decide(limits, state, at(now + decision.retryAfterSeconds * 1000));
        if (later.kind === 'refused') expect(later.by.limit).toBe('turnsAtOnce');
      }),
    );
  });

  it('a key that has used nothing is let in', () => {
    fc.assert(
      fc.property(someLimits, fc.nat(10 ** 12), (limits, now) => {
        expect(decide(limits, unused, at(noon + now))).toEqual({ kind: 'allowed' });
      }),
    );
  });
});
