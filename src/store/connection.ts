/** The way to the database: opened at the first use, its tables brought up to date, and tried again after a failure. */
import type { Clock } from '../util/clock.ts';
import type { Connect, Database } from './database/database.ts';
import { migrate } from './database/migrations.ts';

/** The database, ready for use; rejects while it cannot be had. */
export type OpenDatabase = () => Promise<Database>;

export interface StoreConnection {
  readonly open: OpenDatabase;
  /** Closes what is open; nothing can be opened afterwards. */
  close(): Promise<void>;
}

/** After a failure everybody gets its error at once for so long, instead of waiting for the same again. */
const RETRY_AFTER_MS = 1_000;

export const createConnection = (connect: Connect, clock: Clock): StoreConnection => {
  let opening: Promise<Database> | undefined;
  let attempt = 0;
  let failedAt: number | undefined;
  let closed = false;

  const connectAndMigrate = async (): Promise<Database> => {
    const mine = (attempt += 1);
    const database: Database = await connect(() => {
      if (mine === attempt) opening = undefined;
      void database.close();
    });
    try {
      await migrate(database, clock.now());
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  };

  return {
    open: () => {
      if (closed) return Promise.reject(new Error('The database has been closed.'));
      const mayTryAgain = failedAt !== undefined && clock.elapsed() - failedAt >= RETRY_AFTER_MS;
      if (opening === undefined || mayTryAgain) {
        failedAt = undefined;
        opening = connectAndMigrate();
        opening.catch(() => (failedAt = clock.elapsed()));
      }
      return opening;
    },
    close: async () => {
      closed = true;
      const database = await opening?.catch(() => undefined);
      await database?.close();
    },
  };
};
