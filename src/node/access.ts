/** Sessions, named keys, their limits, and the account's plan: what servers with one database share. */
import type { KeyRing } from '../access/keys.ts';
import { createKeyLimiter } from '../access/limits/key-limiter.ts';
import { createPlan } from '../access/limits/plan.ts';
import { createNamedKeys } from '../access/named-keys.ts';
import { createSessions, type Sessions } from '../access/sessions.ts';
import type { Services } from '../http/services.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';

export interface Access {
  readonly services: Pick<Services, 'namedKeys' | 'limits'> & { readonly sessions: Sessions };
  /** Stores what has been counted. */
  readonly close: () => Promise<void>;
}

interface Parts {
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether other servers use the same database. */
  readonly shared: boolean;
}

/** Without a store there are no named keys and no limits, and sessions end with the process. */
export const createAccess = (store: Store | undefined, { keys, clock, log, shared }: Parts): Access => {
  if (store === undefined)
    return { services: { sessions: createSessions({ keys, clock }) }, close: () => Promise.resolve() };
  const namedKeys = createNamedKeys({ store: store.keys, clock, log });
  const plan = createPlan({ store, clock, log });
  const limiter = createKeyLimiter({ store, plan, clock, log });
  return {
    services: {
      namedKeys,
      sessions: createSessions({ keys, namedKeys, store, clock }),
      limits: { plan, limiter, shared },
    },
    close: async () => {
      await limiter.close();
      await plan.close();
    },
  };
};
