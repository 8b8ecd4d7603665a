/** Deletes what is too old: ledger, bodies, stored responses, claims. Several servers may do it at once. */
import { sql } from 'kysely';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import type { OpenDatabase } from './connection.ts';
import type { Database } from './database/database.ts';

export interface Retention {
  /** How long rows of the ledger stay; 0 keeps them for ever. */
  readonly ledgerDays: number;
  /** How long bodies stay, where they are kept at all. */
  readonly contentDays: number;
  /** Stored responses beyond this, the oldest first, are deleted before they expire. */
  readonly responseBytes: number;
}

export interface Sweeper {
  /** Sweeps at once; rejects where the database cannot be had. */
  sweep(): Promise<void>;
  close(): void;
}

export interface SweeperOptions {
  readonly open: OpenDatabase;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const DAY_MS = 24 * 3_600_000;
const EVERY_MS = 3_600_000;
/** The first sweep waits until the server has started. */
const FIRST_AFTER_MS = 60_000;
/**
 * Claims are of events that do not come again. Limits count months; what a key used before that counts nothing any
 * more.
 */
const FORGET_DAYS = 90;
/** Rows that one statement deletes: others can write in between. */
const CHUNK = 1_000;

export const createSweeper = (options: SweeperOptions): Sweeper => {
  const { open, clock, log } = options;
  let cancel: (() => void) | undefined;
  let closed = false;
  const sweep = async (): Promise<void> => {
    const deleted = await sweepAll(await open(), options);
    if (deleted > 0) log.info({ rows: deleted }, 'rows that were too old have been deleted');
  };
  const later = (ms: number): void => {
    if (closed) return;
    cancel = clock.after(ms, () => {
      sweep()
        .catch((error: unknown) => log.warn({ err: error }, 'old rows could not be deleted'))
        .finally(() => later(EVERY_MS));
    });
  };
  later(FIRST_AFTER_MS);
  return {
    sweep,
    close: () => {
      closed = true;
      cancel?.();
    },
  };
};

const sweepAll = async ({ db }: Database, { retention, clock }: SweeperOptions): Promise<number> => {
  const now = clock.now();
  const daysAgo = (days: number): number => now - days * DAY_MS;
  const old = [
    retention.ledgerDays > 0 &&
      sql`delete from proxy_requests where id in (
      select id from proxy_requests where at < ${daysAgo(retention.ledgerDays)} limit ${sql.lit(CHUNK)}) returning 1`,
    sql`delete from proxy_contents where request_id in (
      select request_id from proxy_contents
      where at < ${daysAgo(retention.contentDays)} limit ${sql.lit(CHUNK)}) returning 1`,
    sql`delete from proxy_responses where id in (
      select id from proxy_responses where expires_at <= ${now} limit ${sql.lit(CHUNK)}) returning 1`,
    sql`delete from proxy_responses where id in (
      select id from (
        select id, sum(bytes) over (order by created_at desc, id) as total from proxy_responses
      ) as newest where total > ${retention.responseBytes} limit ${sql.lit(CHUNK)}) returning 1`,
    sql`delete from proxy_claims where id in (
      select id from proxy_claims where at < ${daysAgo(FORGET_DAYS)} limit ${sql.lit(CHUNK)}) returning 1`,
    sql`delete from proxy_values where id like 'limits:%' and updated_at < ${daysAgo(FORGET_DAYS)} returning 1`,
  ].filter((statement) => statement !== false);
  let deleted = 0;
  for (const statement of old) {
    let rows: number;
    do {
      rows = (await statement.execute(db)).rows.length;
      deleted += rows;
    } while (rows === CHUNK);
  }
  return deleted;
};
