/** Everything that outlives a process, over one database. A server without it still answers. */
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { createConnection, type OpenDatabase } from './connection.ts';
import type { Connect } from './database/database.ts';
import { createKeyStore, type KeyStore } from './keys.ts';
import { createLedgerReports, type LedgerReports } from './ledger/reports.ts';
import { createResponseStore, type ResponseLimits, type ResponseStore } from './responses.ts';
import { createSweeper, type Retention, type Sweeper } from './retention.ts';
import { createSharedValue, type SharedValue } from './shared-value.ts';

export interface Store {
  readonly keys: KeyStore;
  /** What was recorded; `createRecorder` writes it. */
  readonly ledger: LedgerReports;
  readonly responses: ResponseStore;
  /** A value that servers with the same database change together. Made once for each id in a process. */
  sharedValue<Value>(options: ValueOptions<Value>): SharedValue<Value>;
  /** True for the first caller with this id, on whichever server: for messages that must appear once. */
  claim(id: string): Promise<boolean>;
  /** Deletes what is too old, every hour by itself. */
  readonly sweeper: Sweeper;
  readonly open: OpenDatabase;
  /** Close the recorder first. */
  close(): Promise<void>;
}

export interface ValueOptions<Value> {
  readonly id: string;
  readonly initial: Value;
  /** Undefined where what is stored is no such value. */
  readonly parse: (stored: unknown) => Value | undefined;
}

export interface StoreOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
  readonly responses: ResponseLimits;
}

/** Opens nothing yet: the database is connected, and its tables are made, when it is first used. */
export const createStoreOver = ({ connect, clock, log, retention, responses }: StoreOptions): Store => {
  const connection = createConnection(connect, clock);
  const { open } = connection;
  const sweeper = createSweeper({ open, retention, clock, log });
  return {
    keys: createKeyStore(open),
    ledger: createLedgerReports(open),
    responses: createResponseStore(open, responses),
    sharedValue: (options) => createSharedValue({ ...options, open, clock, log }),
    claim: async (id) => {
      const { db } = await open();
      const claimed = db
        .insertInto('proxy_claims')
        .values({ id, at: clock.now() })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id');
      return (await claimed.executeTakeFirst()) !== undefined;
    },
    sweeper,
    open,
    close: async () => {
      sweeper.close();
      await connection.close();
    },
  };
};
