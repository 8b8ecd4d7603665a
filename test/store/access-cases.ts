/** Keys, limits and the plan over a database, and over one that two servers share. */
import { createKeyLimiter, type KeyLimiter } from '../../src/access/limits/key-limiter.ts';
import type { KeyLimits } from '../../src/access/limits/key-limits.ts';
import { VOUCH_MS } from '../../src/access/limits/limit-state.ts';
import { createNamedKeys, type NamedKeys } from '../../src/access/named-keys.ts';
import { createPlan, type Plan } from '../../src/access/limits/plan.ts';
import type { Store } from '../../src/store/store.ts';
import { TurnError } from '../../src/turn/errors.ts';
import { quiet, refusal, type Cases, type Lab } from './lab.ts';

interface Server {
  readonly keys: NamedKeys;
  readonly plan: Plan;
  readonly limiter: KeyLimiter;
}

const serverOf = ({ clock }: Lab, store: Store): Server => {
  const plan = createPlan({ store, clock, log: quiet });
  return {
    keys: createNamedKeys({ store: store.keys, clock, log: quiet }),
    plan,
    limiter: createKeyLimiter({ store, plan, clock, log: quiet }),
  };
};

const twoServers = (lab: Lab): readonly [Server, Server] => [serverOf(lab, lab.store), serverOf(lab, lab.server())];

const nothing = { tokens: 0, usd: 0 };
let requests = 0;

const admit = (limiter: KeyLimiter, limits: KeyLimits, id = 'key_1') =>
  limiter.admit({ id, limits }, `req_${(requests += 1)}`);

/** `allowed`, or the name of the limit. */
const outcome = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'allowed';
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    const limit = error.details?.['limit'];
    return typeof limit === 'string' ? limit : error.code;
  }
};

const countOf = (outcomes: readonly string[], what: string): number => outcomes.filter((each) => each === what).length;

const refusedUntil = (lab: Lab, seconds: number, utilization = 0.5) => ({
  window: 'five_hour',
  status: 'allowed' as const,
  utilization,
  resetsAt: lab.clock.now() / 1000 + seconds,
});

export const keyAccessCases: Cases = {
  'a key is shown once and found from then on, on every server': async (lab) => {
    const [here, there] = twoServers(lab);
    const { secret, key } = await here.keys.create({ name: 'ci', limits: { requestsPerMinute: 5 }, role: 'admin' });
    lab.equal(/^ocp_[\w-]{43}$/u.test(secret), true);
    lab.equal(key.hint, secret.slice(-4));
    lab.equal(await there.keys.find(secret), { kind: 'known', key });
    const { db } = await lab.store.open();
    const stored = JSON.stringify(await db.selectFrom('proxy_keys').selectAll().execute());
    lab.equal(stored.includes(secret) || stored.includes(secret.slice(4, 40)), false);
  },
  'a key that is not known is not found': async (lab) => {
    const { keys } = serverOf(lab, lab.store);
    const { secret } = await keys.create({ name: 'ci' });
    for (const other of ['', 'sk-1', `${secret}x`, secret.toUpperCase(), `ocp_${'A'.repeat(43)}`]) {
      lab.equal(await keys.find(other), { kind: 'unknown' });
    }
  },
  'a change holds at once on the other server': async (lab) => {
    const [here, there] = twoServers(lab);
    const { secret, key } = await here.keys.create({ name: 'ci' });
    await there.keys.find(secret);
    await here.keys.update(key.id, {
      limits: { turnsAtOnce: 1 },
      allowedModels: ['haiku'],
      aliases: { fast: 'haiku' },
    });
    const found = await there.keys.find(secret);
    lab.equal(found.kind === 'known' && [found.key.limits, found.key.allowedModels, found.key.aliases], [
      { turnsAtOnce: 1 },
      ['haiku'],
      { fast: 'haiku' },
    ]);
    await here.keys.revoke(key.id);
    lab.equal((await there.keys.find(secret)).kind, 'revoked');
    lab.equal(await here.keys.revoke(key.id), false);
  },
  'a key expires when it was told to, and no longer when that is taken away': async (lab) => {
    const { keys } = serverOf(lab, lab.store);
    const at = new Date(lab.clock.now() + 60_000).toISOString();
    const { secret, key } = await keys.create({ name: 'ci', expiresAt: at });
    lab.equal((await keys.find(secret)).kind, 'known');
    lab.clock.advance(60_000);
    lab.equal((await keys.find(secret)).kind, 'expired');
    await keys.update(key.id, { expiresAt: null });
    lab.equal((await keys.find(secret)).kind, 'known');
  },
  'settings that are wrong are refused with the field at fault': async (lab) => {
    const { keys } = serverOf(lab, lab.store);
    await keys.create({ name: 'taken' });
    const of = (settings: unknown) => refusal(keys.create(settings));
    lab.equal(await of({}), 'invalid_request name');
    lab.equal(await of('text'), 'invalid_request ');
    lab.equal(await of({ name: '' }), 'invalid_request name');
    lab.equal(await of({ name: 'a\nb' }), 'invalid_request name');
    lab.equal(await of({ name: 'taken' }), 'invalid_request name');
    lab.equal(await of({ name: 'x', role: 'root' }), 'invalid_request role');
    lab.equal(await of({ name: 'x', limits: { requestsPerMinute: 0 } }), 'invalid_request limits.requestsPerMinute');
    lab.equal(await of({ name: 'x', limits: { requestPerMinute: 1 } }), 'invalid_request limits.requestPerMinute');
    lab.equal(await of({ name: 'x', allowedModels: [] }), 'invalid_request allowedModels');
    lab.equal(await of({ name: 'x', expiresAt: 'tomorrow' }), 'invalid_request expiresAt');
    lab.equal((await keys.list()).length, 1);
  },
};

export const limitCases: Cases = {
  'requests a minute hold for two servers together': async (lab) => {
    const [here, there] = twoServers(lab);
    const limits = { requestsPerMinute: 10 };
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => outcome(admit(index % 2 === 0 ? here.limiter : there.limiter, limits))),
    );
    lab.equal([countOf(outcomes, 'allowed'), countOf(outcomes, 'requestsPerMinute')], [10, 20]);
    lab.clock.advance(62_000);
    lab.equal(await outcome(admit(there.limiter, limits)), 'allowed');
  },
  'turns at once hold for two servers together, and end with the turns': async (lab) => {
    const [here, there] = twoServers(lab);
    const limits = { turnsAtOnce: 2 };
    const first = await admit(here.limiter, limits);
    await admit(there.limiter, limits);
    lab.equal(await outcome(admit(here.limiter, limits)), 'turnsAtOnce');
    lab.equal(await outcome(admit(there.limiter, limits)), 'turnsAtOnce');
    lab.equal(await outcome(admit(there.limiter, limits, 'key_2')), 'allowed');
    first.settle(nothing);
    await here.limiter.close();
    lab.equal(await outcome(admit(there.limiter, limits)), 'allowed');
  },
  'the turns of a server that was killed end by themselves, those of a living one do not': async (lab) => {
    const [living, killed] = twoServers(lab);
    const limits = { turnsAtOnce: 2 };
    await admit(killed.limiter, limits);
    await killed.limiter.close();
    await admit(living.limiter, limits);
    for (let passed = 0; passed < VOUCH_MS; passed += VOUCH_MS / 3) {
      lab.clock.advance(VOUCH_MS / 3);
      // Vouching goes on behind; a step after it waits for it.
      await living.limiter.headroom({ id: 'key_1', limits });
    }
    const outcomes = [await outcome(admit(living.limiter, limits)), await outcome(admit(living.limiter, limits))];
    lab.equal(outcomes, ['allowed', 'turnsAtOnce']);
  },
  'tokens and dollars of one server count on the other': async (lab) => {
    const [here, there] = twoServers(lab);
    (await admit(here.limiter, {})).settle({ tokens: 600, usd: 0.5 });
    await here.limiter.close();
    lab.equal(await outcome(admit(there.limiter, { tokensPerDay: 601 })), 'allowed');
    lab.equal(await outcome(admit(there.limiter, { tokensPerDay: 600 })), 'tokensPerDay');
    lab.equal(await outcome(admit(there.limiter, { usdPerMonth: 0.5 })), 'usdPerMonth');
  },
  'what is left is told': async (lab) => {
    const { limiter } = serverOf(lab, lab.store);
    const limits = { requestsPerMinute: 3, tokensPerDay: 100 };
    const { headroom } = await admit(limiter, limits);
    lab.equal(
      headroom.map(({ limit, allowed, used }) => [limit, allowed, used]),
      [
        ['requestsPerMinute', 3, 1],
        ['tokensPerDay', 100, 0],
      ],
    );
    lab.equal(
      (await limiter.headroom({ id: 'key_1', limits })).map(({ used }) => used),
      [1, 0],
    );
    lab.equal((await admit(limiter, {})).headroom, []);
  },
  'a refusal says which limit, and when to come again': async (lab) => {
    const { limiter } = serverOf(lab, lab.store);
    await admit(limiter, { requestsPerMinute: 1 });
    const error = await admit(limiter, { requestsPerMinute: 1 }).catch((thrown: unknown) => thrown as TurnError);
    lab.equal(error instanceof TurnError && [error.code, error.details, error.retryAfterSeconds], [
      'key_limit',
      { limit: 'requestsPerMinute', allowed: 1, used: 1 },
      61,
    ]);
  },
};

export const planCases: Cases = {
  'a key keeps to its share of a window, whichever servers it uses': async (lab) => {
    const [here, there] = twoServers(lab);
    const limits = { planShare: { five_hour: 0.3 } };
    here.plan.observe([refusedUntil(lab, 3_600, 0.2)]);
    await here.plan.close();
    here.plan.spend('key_1', 3);
    here.plan.spend('key_2', 1);
    here.plan.observe([refusedUntil(lab, 3_600, 0.6)]);
    await here.plan.close();
    lab.equal(
      await there.plan.sharesOf('key_2'),
      [{ window: 'five_hour', used: 0.1, resetsAt: lab.clock.now() + 3_600_000 }].map((share) => ({
        ...share,
        used: (0.6 - 0.2) / 4,
      })),
    );
    lab.equal(await outcome(admit(there.limiter, limits, 'key_1')), 'planShare.five_hour');
    lab.equal(await outcome(admit(there.limiter, limits, 'key_2')), 'allowed');
    lab.clock.advance(3_600_000);
    lab.equal(await outcome(admit(there.limiter, limits, 'key_1')), 'allowed');
  },
  'a refusal of the account holds back every server, one family or all': async (lab) => {
    const [here, there] = twoServers(lab);
    here.plan.refused({ family: 'opus', window: 'seven_day_opus', retryAfterSeconds: 7_200 });
    await here.plan.close();
    lab.equal(await outcome(there.plan.assertOpen('opus')), 'upstream_rate_limited');
    lab.equal(await outcome(there.plan.assertOpen('haiku')), 'allowed');
    here.plan.refused({ family: 'opus', window: 'five_hour', retryAfterSeconds: 7_200 });
    lab.equal(await outcome(here.plan.assertOpen('haiku')), 'upstream_rate_limited');
    const error = await here.plan.assertOpen('haiku').catch((thrown: unknown) => thrown as TurnError);
    lab.equal(error instanceof TurnError && error.retryAfterSeconds, 7_200);
    // One turn may see whether it is still so.
    lab.clock.advance(60_000);
    lab.equal(await outcome(here.plan.assertOpen('haiku')), 'allowed');
  },
  'windows are seen by every server': async (lab) => {
    const [here, there] = twoServers(lab);
    here.plan.observe([refusedUntil(lab, 3_600, 0.42), { status: 'allowed' }]);
    await here.plan.close();
    const { windows } = await there.plan.view();
    lab.equal([Object.keys(windows), windows['five_hour']?.utilization], [['five_hour'], 0.42]);
  },
};
