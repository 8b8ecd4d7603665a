/** The store of a server: Postgres where DATABASE_URL is set, a SQLite file below STATE_DIR otherwise. */
import { join } from 'node:path';
import { createStoreOver, type Store } from '../store/store.ts';
import type { Connect } from '../store/database/database.ts';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { openPostgres } from './database/postgres.ts';
import { openSqlite } from './database/sqlite.ts';
import type { Config } from '../settings/server-settings.ts';

export type StoreSettings = Pick<
  Config,
  'DATABASE_URL' | 'LEDGER_DAYS' | 'LOG_CONTENT_DAYS' | 'RESPONSE_DAYS' | 'RESPONSE_STORE_MB'
>;

export interface StoreParts {
  /** The directory of STATE_DIR, which `prepareState` has made. */
  readonly stateDir: string;
  /** Where the database is elsewhere: behind the Worker. */
  readonly connect?: Connect;
  readonly clock: Clock;
  readonly log: Log;
}

const DAY_MS = 24 * 3_600_000;
const MB = 1024 * 1024;
/** A conversation with many images has several MB. */
const LARGEST_RESPONSE_BYTES = 16 * MB;

/** Opens nothing yet, and does not fail: a database that cannot be had is tried again at every use. */
export const createStore = (settings: StoreSettings, { stateDir, clock, log, connect }: StoreParts): Store =>
  createStoreOver({
    connect:
      connect ??
      ((lost) =>
        Promise.resolve(
          settings.DATABASE_URL === ''
            ? openSqlite(databaseFile(stateDir), lost)
            : openPostgres(settings.DATABASE_URL, log),
        )),
    clock,
    log,
    retention: {
      ledgerDays: settings.LEDGER_DAYS,
      contentDays: settings.LOG_CONTENT_DAYS,
      responseBytes: settings.RESPONSE_STORE_MB * MB,
    },
    responses: { maxBytes: LARGEST_RESPONSE_BYTES, lifetimeMs: settings.RESPONSE_DAYS * DAY_MS },
  });

const databaseFile = (stateDir: string): string => join(stateDir, 'proxy.db');
