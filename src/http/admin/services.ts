/** What the handlers of `/admin` work with. */
import { TurnError } from '../../turn/errors.ts';
import type { RunningTurns } from '../answer/running-turns.ts';
import type { Services } from '../services.ts';

export interface AdminServices extends Services {
  readonly turns: RunningTurns;
}

/** Throws where this server has no database, and so no such part. */
export const part = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new TurnError('route_not_found', 'This server has no database.');
  return value;
};

/** Throws `store_unavailable` where the database does not answer. */
export const stored = async <Value>(work: Promise<Value>): Promise<Value> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TurnError) throw error;
    throw new TurnError('store_unavailable', 'The database does not answer.', { retryAfterSeconds: 5, cause: error });
  }
};
