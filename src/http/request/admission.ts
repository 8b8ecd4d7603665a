/**
 * Checks a request between parsing and the queue: models and limits of its key, and the state of the account. A turn's
 * reports about the account reach every server that shares the database.
 */
import { modelRefusal, ownName } from '../../access/key-models.ts';
import type { Admission, KeyLimiter } from '../../access/limits/key-limiter.ts';
import { limitHeaders as keyLimitHeaders } from '../../access/limits/limit-headers.ts';
import { limitUsage } from '../../access/limits/limit-usage.ts';
import { openWindows } from '../../access/limits/plan-state.ts';
import type { Plan } from '../../access/limits/plan.ts';
import type { HeaderRecord } from '../../dialects/dialect.ts';
import type { ResolvedModel, ResolveModel } from '../../models/model.ts';
import { toTurnError } from '../../turn/errors.ts';
import type { Notice, TurnEvent } from '../../turn/events.ts';
import { tap } from '../../util/iterators.ts';
import type { HttpContext } from '../context.ts';
import { limitHeaders } from '../answer/limit-headers.ts';
import type { Services } from '../services.ts';

/** Both exist where the server has a database. */
export interface Limits {
  /** Whether several servers share the account through one database. */
  readonly shared: boolean;
  readonly plan: Plan;
  readonly limiter: KeyLimiter;
}

type Needs = Pick<Services, 'limits' | 'clock'>;

/** Resolves the key's own aliases before the server's. */
export const resolverOf =
  (c: HttpContext, resolveModel: ResolveModel): ResolveModel =>
  (name) => {
    const own = ownNameOf(c, name);
    const model = resolveModel(own);
    if (own === name) return model;
    return { ...model, requested: name, via: model.via === 'exact' ? 'alias' : model.via };
  };

export const ownNameOf = (c: HttpContext, name: string): string => {
  const key = c.get('caller')?.key;
  return key === undefined ? name : ownName(key, name);
};

/** Throws `forbidden` for a model that the key may not use. */
export const refuseOtherModels = (c: HttpContext, model: ResolvedModel): void => {
  const key = c.get('caller')?.key;
  const refusal = key === undefined ? undefined : modelRefusal(key, model);
  if (refusal !== undefined) throw refusal;
};

/**
 * Admits the request, and counts its usage when it has ended. Throws `upstream_rate_limited` while the account is
 * refused, and `key_limit`. Returns the limits that are known before the turn, under the API's names.
 */
export const admit = async (c: HttpContext, model: ResolvedModel, { limits, clock }: Needs): Promise<HeaderRecord> => {
  if (limits === undefined) return {};
  const { plan, limiter } = limits;
  await plan.assertOpen(model.family);
  const caller = c.get('caller');
  const admission = caller?.key === undefined ? unlimited : await limiter.admit(caller.key, c.get('requestId'));
  c.get('record').whenKnown((summary) => {
    const used = limitUsage(summary);
    admission.settle(used);
    if (caller !== undefined) plan.spend(caller.owner, used.usd);
  });
  return { ...(await windowHeaders(plan, clock.now())), ...keyLimitHeaders(admission.headroom) };
};

/** What is left of the key's limits, for the headers of a refusal. */
export const headroomHeaders = async (c: HttpContext, { limits }: Needs): Promise<HeaderRecord> => {
  const key = c.get('caller')?.key;
  return limits === undefined || key === undefined ? {} : keyLimitHeaders(await limits.limiter.headroom(key));
};

const unlimited: Admission = { headroom: [], settle: () => undefined };

const windowHeaders = async (plan: Plan, now: number): Promise<HeaderRecord> =>
  limitHeaders(
    openWindows(await plan.view(), now).map(([window, { status, utilization, resetsAt }]) => ({
      kind: 'rate_limit',
      limit: {
        window,
        status,
        resetsAt: Math.round(resetsAt / 1000),
        ...(utilization !== undefined && { utilization }),
      },
    })),
  );

/** The events of a turn; reports about the account's limits go to the plan. */
export const notifyPlan = (
  events: AsyncIterable<TurnEvent>,
  model: ResolvedModel,
  { limits, clock }: Needs,
): AsyncIterable<TurnEvent> => {
  if (limits === undefined) return events;
  const { plan } = limits;
  let full: Extract<Notice, { kind: 'rate_limit' }>['limit'] | undefined;
  const noted = tap(events, (event) => {
    if (event.type !== 'notice' || event.notice.kind !== 'rate_limit') return;
    plan.observe([event.notice.limit]);
    if (event.notice.limit.status === 'rejected') full = event.notice.limit;
  });
  return onError(noted, (thrown) => {
    const { code, retryAfterSeconds = secondsUntil(full?.resetsAt, clock.now()) } = toTurnError(thrown);
    // A refusal without a duration may be over with the next request, so requests are not held back for it. A single
    // server lets the API answer each request; servers that share the account keep each other from useless requests.
    if (!limits.shared || code !== 'upstream_rate_limited' || retryAfterSeconds === undefined) return;
    plan.refused({
      family: model.family,
      retryAfterSeconds,
      ...(full?.window !== undefined && { window: full.window }),
    });
  });
};

const secondsUntil = (resetsAt: number | undefined, now: number): number | undefined =>
  resetsAt === undefined ? undefined : Math.max(1, Math.ceil(resetsAt - now / 1000));

const onError = <Item>(items: AsyncIterable<Item>, note: (thrown: unknown) => void): AsyncIterable<Item> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = items[Symbol.asyncIterator]();
    return {
      next: () =>
        iterator.next().catch((thrown: unknown) => {
          note(thrown);
          throw thrown;
        }),
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    };
  },
});
