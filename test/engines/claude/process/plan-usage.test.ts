/** How answers to the request for the plan's usage are read, and when it is asked. */
import type { SDKControlGetUsageResponse } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, it } from 'vitest';
import { readUsage } from '../../../../src/engines/claude/process/control/plan-usage.ts';
import type { ControlReply } from '../../../../src/engines/claude/process/control/control-channel.ts';
import { Limits } from '../../../../src/engines/claude/process/control/rate-limits.ts';
import { ControlChannel } from '../../../../src/engines/claude/process/control/control-channel.ts';
import { UsageWatch } from '../../../../src/engines/claude/process/usage-watch.ts';
import type { RateLimit } from '../../../../src/turn/events.ts';
import type { Clock } from '../../../../src/util/clock.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const at = (text: string): number => Date.parse(text) / 1000;

type Told = NonNullable<SDKControlGetUsageResponse['rate_limits']>;

const answered = (rate_limits: Told | null): ControlReply => {
  const response: SDKControlGetUsageResponse = {
    session: {
      total_cost_usd: 0,
      total_api_duration_ms: 0,
      total_duration_ms: 0,
      total_lines_added: 0,
      total_lines_removed: 0,
      model_usage: {},
    },
    subscription_type: 'max',
    rate_limits_available: rate_limits !== null,
    rate_limits,
    behaviors: null,
  };
  return { ok: true, response: { ...response } };
};

const changed = (change: object): ControlReply => ({
  ok: true,
  response: { ...(answered({}) as { response: object }).response, ...change },
});

const soon = '2026-11-24T14:00:00.250Z';
const later = '2026-11-28T08:00:00Z';
const five = { window: 'five_hour', utilization: 0.42, resetsAt: at('2026-11-24T14:00:00Z') };

describe('an answer about the usage', () => {
  it.each<[string, Told, object[]]>([
    ['nothing', {}, []],
    ['a window', { five_hour: { utilization: 42, resets_at: soon } }, [five]],
    ['windows that are not there', { five_hour: { utilization: 42, resets_at: soon }, seven_day: null }, [five]],
    [
      'windows that have not begun',
      { five_hour: { utilization: 0, resets_at: null }, seven_day: { utilization: null, resets_at: later } },
      [],
    ],
    [
      'windows of the week and of models',
      {
        seven_day: { utilization: 7, resets_at: later },
        seven_day_opus: { utilization: 8, resets_at: later },
        seven_day_sonnet: { utilization: 9, resets_at: later },
        seven_day_oauth_apps: { utilization: 0, resets_at: later },
        model_scoped: [
          { display_name: 'Fable', utilization: 80, resets_at: later },
          { display_name: 'Opus', utilization: 81, resets_at: later },
          { display_name: 'New Model 6!', utilization: 12.5, resets_at: later },
          { display_name: '…', utilization: 1, resets_at: later },
        ],
      },
      [
        { window: 'seven_day', utilization: 0.07, resetsAt: at(later) },
        { window: 'seven_day_opus', utilization: 0.08, resetsAt: at(later) },
        { window: 'seven_day_sonnet', utilization: 0.09, resetsAt: at(later) },
        { window: 'seven_day_oauth_apps', utilization: 0, resetsAt: at(later) },
        { window: 'seven_day_fable', utilization: 0.8, resetsAt: at(later) },
        { window: 'seven_day_new_model_6', utilization: 0.125, resetsAt: at(later) },
      ],
    ],
    [
      'extra usage, which counts by the month',
      { extra_usage: { is_enabled: true, monthly_limit: 5000, used_credits: 1250, utilization: 25 } },
      [{ window: 'extra_usage', utilization: 0.25, resetsAt: at('2026-12-01T00:00:00Z') }],
    ],
    [
      'extra usage without a limit, or that is off',
      { extra_usage: { is_enabled: false, monthly_limit: 5000, used_credits: 0, utilization: 0 } },
      [],
    ],
    [
      'a time that is none',
      { five_hour: { utilization: 42, resets_at: soon }, seven_day: { utilization: 1, resets_at: 'tomorrow' } },
      [five],
    ],
  ])('with %s', (_, told, windows) => {
    expect(readUsage(answered(told), noon)).toEqual({ kind: 'windows', windows });
  });

  it('with more than is known is read as far as it is known', () => {
    const more = { five_hour: { utilization: 42, resets_at: soon, new: 1 }, new: {}, model_scoped: undefined };
    expect(readUsage(changed({ rate_limits: more, new: true }), noon)).toEqual({ kind: 'windows', windows: [five] });
  });

  it('may have nothing for now', () => {
    expect(readUsage(changed({ rate_limits: null }), noon)).toEqual({ kind: 'windows', windows: [] });
  });

  it.each<[string, ControlReply]>([
    ['it is not known', { ok: false, code: 'unsupported_request' }],
    ['the login shows no plan', answered(null)],
    ['it has another form', { ok: true, response: {} }],
    ['it has another form', changed({ rate_limits: [1] })],
    ['a window has another form', changed({ rate_limits: { five_hour: 42 } })],
    ['it is nothing', { ok: true, response: null as never }],
  ])('means off where %s', (_, reply) => {
    expect(readUsage(reply, noon)).toMatchObject({ kind: 'off' });
  });
});

describe('what answers told of a window', () => {
  const limitsWith = (limit: Partial<RateLimit>): Limits => {
    const limits = new Limits(() => noon);
    limits.note({ status: 'allowed_warning', ...five, ...limit });
    return limits;
  };

  it.each<[string, Partial<RateLimit>, Partial<RateLimit>]>([
    ['keeps its status, and gets the new use', { utilization: 0.3 }, { status: 'allowed_warning', utilization: 0.42 }],
    ['keeps a finer use', { utilization: 0.423 }, { utilization: 0.423 }],
    ['is over with its window', { resetsAt: five.resetsAt - 3_600 }, { status: 'allowed', ...five }],
    ['was a refusal that is over', { status: 'rejected', utilization: 1 }, { status: 'allowed', utilization: 0.42 }],
  ])('%s', (_, known, told) => {
    expect(limitsWith(known).noteUsage([five])).toMatchObject([told]);
  });

  it('is repeated at the next answer as it is now, and nothing else is', () => {
    const limits = limitsWith({ utilization: 0.3 });
    const week = { window: 'seven_day', utilization: 0.1, resetsAt: at(later) };
    expect(limits.noteUsage([five, week])).toHaveLength(2);
    expect(limits.current()).toEqual([{ status: 'allowed_warning', ...five }]);
  });
});

interface Rig {
  readonly watch: UsageWatch;
  readonly told: unknown[];
  readonly log: string[];
  /** Requests that were written, by process. */
  readonly asked: { process: string; request: Record<string, unknown>; id: string }[];
  readonly processes: { state: 'idle' | 'busy'; held: unknown[]; cli: { control: ControlChannel } }[];
  /** The last request is answered so. */
  readonly answer: (response: object) => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const rig = (changes: Partial<ConstructorParameters<typeof UsageWatch>[0]> = {}): Rig => {
  let elapsed = 0;
  let timers: { at: number; ring: () => void }[] = [];
  const clock: Clock = {
    now: () => noon + elapsed,
    elapsed: () => elapsed,
    after: (ms, then) => {
      const timer = { at: elapsed + ms, ring: then };
      timers.push(timer);
      return () => (timers = timers.filter((each) => each !== timer));
    },
  };
  const asked: Rig['asked'] = [];
  const process = (name: string, held: unknown[]): Rig['processes'][number] => ({
    state: 'idle',
    held,
    cli: {
      control: new ControlChannel((line) => {
        const { request, request_id } = JSON.parse(line) as { request: Record<string, unknown>; request_id: string };
        asked.push({ process: name, request, id: request_id });
      }),
    },
  });
  const processes = [process('holds', [1]), process('spare', [])];
  const log: string[] = [];
  const note = (_: object, message: string): void => void log.push(message);
  const watch = new UsageWatch({
    planUsage: true,
    credentialKind: 'subscription',
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    limits: new Limits(() => noon),
    processes: () => processes,
    ...changes,
  });
  const told: unknown[] = [];
  watch.told = (limits) => void told.push(limits);
  return {
    watch,
    told,
    log,
    asked,
    processes,
    answer: async (response) => {
      const { id: request_id, process: name } = asked.at(-1) ?? { id: '', process: '' };
      processes[name === 'spare' ? 1 : 0]?.cli.control.take({
        type: 'control_response',
        response: { request_id, subtype: 'success', response: { ...response } },
      });
      await settle();
    },
    pass: async (ms) => {
      elapsed += ms;
      const due = timers.filter((each) => each.at <= elapsed);
      timers = timers.filter((each) => each.at > elapsed);
      for (const { ring } of due) ring();
      await settle();
    },
  };
};

const usable = { rate_limits_available: true, rate_limits: { five_hour: { utilization: 42, resets_at: soon } } };

describe('the usage of the plan', () => {
  it('is asked of a spare process after a turn, detached from turns', async () => {
    const { watch, asked, told, answer, pass } = rig();
    await pass(60_000);
    expect(asked).toEqual([]);
    watch.turnEnded();
    expect(asked).toEqual([]);
    await pass(1_000);
    expect(asked).toMatchObject([
      { process: 'spare', request: { subtype: 'get_usage', skip_behaviors: true, detached: true } },
    ]);
    await answer(usable);
    expect(told).toEqual([[{ status: 'allowed', ...five }]]);
  });

  it('is asked every five minutes at most, and only after turns', async () => {
    const { watch, asked, answer, pass } = rig();
    for (let second = 0; second < 300; second += 1) {
      watch.turnEnded();
      await pass(1_000);
      if (second === 0) await answer(usable);
    }
    expect(asked).toHaveLength(1);
    await pass(3_600_000);
    expect(asked).toHaveLength(1);
    watch.turnEnded();
    await pass(1_000);
    expect(asked).toHaveLength(2);
  });

  it('is asked after a later turn where every process is at work', async () => {
    const { watch, asked, processes, pass } = rig();
    for (const process of processes) process.state = 'busy';
    watch.turnEnded();
    await pass(1_000);
    expect(asked).toEqual([]);
    for (const process of processes.slice(0, 1)) process.state = 'idle';
    watch.turnEnded();
    await pass(1_000);
    expect(asked).toMatchObject([{ process: 'holds' }]);
  });

  it.each([
    ['with an API key', { credentialKind: 'api-key' as const }],
    ['where it is switched off', { planUsage: false }],
  ])('is never asked %s', async (_, options) => {
    const { watch, asked, pass } = rig(options);
    watch.turnEnded();
    await pass(1_000);
    expect(asked).toEqual([]);
  });

  it('is asked no more after an answer that is not understood, which is said once', async () => {
    const { watch, asked, told, log, answer, pass } = rig();
    watch.turnEnded();
    await pass(1_000);
    await answer({ something: 'else' });
    await pass(600_000);
    watch.turnEnded();
    await pass(1_000);
    expect([asked.length, told.length, log.length]).toEqual([1, 0, 1]);
  });

  it('is asked no more after three requests in a row without an answer; one that comes late does no harm', async () => {
    const { watch, asked, told, log, answer, pass } = rig();
    const ask = async (): Promise<void> => {
      watch.turnEnded();
      await pass(1_000);
    };
    for (let miss = 0; miss < 5; miss += 1) {
      await ask();
      // The third one is answered.
      if (miss === 2) await answer(usable);
      await pass(15_000);
      await answer(usable);
      await pass(300_000);
    }
    expect([asked.length, told.length, log.length]).toEqual([5, 1, 0]);
    await ask();
    await pass(15_000);
    await pass(300_000);
    await ask();
    expect([asked.length, told.length, log.length]).toEqual([6, 1, 1]);
  });

  it('is not asked of a server that is closing', async () => {
    const { watch, asked, pass } = rig();
    watch.turnEnded();
    watch.close();
    await pass(1_000);
    expect(asked).toEqual([]);
  });
});
