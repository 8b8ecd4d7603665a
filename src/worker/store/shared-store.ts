/** How Worker and instances reach the database that they share. */
import type { NamedKeys } from '../../access/named-keys.ts';
import type { Sessions } from '../../access/sessions.ts';
import { TurnError } from '../../turn/errors.ts';
import type { Env } from '../env.ts';
import type { StatementsAnswer, StoreKeeper } from './store-keeper.ts';

/** A new stub each time: one whose object was reset stays broken. */
const stub = ({ STORE }: Pick<Env, 'STORE'>): DurableObjectStub<StoreKeeper> => STORE.getByName('store');

export const runStatements = async (env: Pick<Env, 'STORE'>, statements: string): Promise<StatementsAnswer> =>
  stub(env).run(statements);

/** What the Worker itself must know: whose a key or a session is. Throws `store_unavailable`. */
export const sharedAccess = (
  env: Pick<Env, 'STORE'>,
): { readonly namedKeys: Pick<NamedKeys, 'find' | 'byId'>; readonly sessions: Sessions } => ({
  // Nothing else is asked for: what strangers try does not reach the database.
  namedKeys: {
    find: async (presented) =>
      presented.startsWith('ocp_') ? asked(stub(env).findKey(presented)) : { kind: 'unknown' },
    byId: async (id) => asked(stub(env).keyById(id)),
  },
  sessions: {
    find: async (id) => asked(stub(env).findSession(id)),
    start: async (caller) => asked(stub(env).startSession(caller)),
    end: async (id) => asked(stub(env).endSession(id)),
  },
});

/** Values of a call to another object may be held there; these are plain data. */
const asked = async <Value>(call: PromiseLike<unknown>): Promise<Value> => {
  try {
    return (await call) as Value;
  } catch (cause) {
    throw new TurnError('store_unavailable', 'Keys cannot be checked at the moment; ask again.', {
      retryAfterSeconds: 2,
      cause,
    });
  }
};
