/** The SQLite of a Durable Object: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/ */
import type { Database, DatabaseLimits } from './database.ts';
import { sqliteDatabase, type SqliteConnection, type SqliteResult, type SqliteStatement } from './sqlite-dialect.ts';

/** The part of `ctx.storage` that is used. */
export interface DurableObjectSqlite {
  readonly sql: {
    exec(query: string, ...bindings: unknown[]): { readonly columnNames: string[]; toArray(): unknown[] };
  };
  transactionSync<Result>(work: () => Result): Result;
}

/** https://developers.cloudflare.com/durable-objects/platform/limits/ */
export const durableObjectLimits: DatabaseLimits = { parameters: 100, rowBytes: 2_000_000 };

export const openDurableObject = (storage: DurableObjectSqlite): Database =>
  sqliteDatabase({ main: connectDurableObject(storage), limits: durableObjectLimits });

export const connectDurableObject = (storage: DurableObjectSqlite): SqliteConnection => ({
  run: async (statements) => storage.transactionSync(() => statements.map((statement) => runOne(storage, statement))),
  // The object closes its database itself.
  close: () => Promise.resolve(),
});

const runOne = ({ sql }: DurableObjectSqlite, statement: SqliteStatement): SqliteResult => {
  const cursor = sql.exec(statement.sql, ...statement.parameters);
  const reads = cursor.columnNames.length > 0;
  const rows = cursor.toArray() as SqliteResult['rows'];
  return { rows, changes: reads ? rows.length : changesOf(sql) };
};

const changesOf = (sql: DurableObjectSqlite['sql']): number =>
  (sql.exec('SELECT changes() AS changes').toArray()[0] as { changes: number }).changes;
