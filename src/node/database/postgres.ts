/** Postgres, for several servers that share keys, limits, ledger and stored responses. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { compiled, type Database } from '../../store/database/database.ts';
import type { Schema } from '../../store/database/schema.ts';
import type { Log } from '../../util/log.ts';

/** The protocol counts parameters in 16 bits. A text value can have 1 GB. */
const LIMITS = { parameters: 65_535, rowBytes: 1_000_000_000 };

/** Nothing that a request waits for may hang with the database. */
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const REPORT_TIMEOUT_MS = 60_000;

/** `url`: `postgres://user:password@host:5432/name`. Nothing is connected before it is used. */
export const openPostgres = (url: string, log: Pick<Log, 'warn'>): Database => {
  const main = kyselyOf(poolOf(url, { max: 10, statement_timeout: STATEMENT_TIMEOUT_MS }, log));
  const reports = kyselyOf(poolOf(url, { max: 2, statement_timeout: REPORT_TIMEOUT_MS }, log));
  return {
    db: main,
    reports,
    limits: LIMITS,
    batch: (queries) =>
      main.transaction().execute(async (transaction) => {
        for (const query of compiled(queries)) await transaction.executeQuery(query);
      }),
    close: async () => {
      await Promise.all([main.destroy(), reports.destroy()]);
    },
  };
};

const kyselyOf = (pool: pg.Pool): Kysely<Schema> => new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });

interface PoolOptions {
  readonly max: number;
  readonly statement_timeout: number;
}

const poolOf = (url: string, options: PoolOptions, log: Pick<Log, 'warn'>): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // The server's own limit does not hold where the network in between is gone.
    query_timeout: options.statement_timeout + 1_000,
    keepAlive: true,
    application_name: 'opencode-claude-proxy',
    types: { getTypeParser: parserOf },
    ...options,
  });
  const lost = (error: Error): void => log.warn({ reason: error.message }, 'a connection to the database was lost');
  // The pool replaces a lost connection, and a statement that it carried fails. Unheard, the events would end the
  // program:
  // the pool's own for connections that nobody uses, a client's also between two statements of a transaction.
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
};

const INT8 = 20;
const NUMERIC = 1700;

/** Counts, sums and times arrive as text otherwise; all of them are far below 2^53. */
const parserOf: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format);
