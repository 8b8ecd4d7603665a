/**
 * Kysely over any SQLite that takes a list of statements and runs them at once: a thread of this server, or a Durable
 * Object. No statement of another caller can come between the statements of a batch.
 */
import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { compiled, type Database, type DatabaseLimits } from './database.ts';
import type { Schema } from './schema.ts';

export type SqliteValue = string | number | null;

export interface SqliteStatement {
  readonly sql: string;
  readonly parameters: readonly SqliteValue[];
}

export interface SqliteResult {
  readonly rows: readonly Record<string, SqliteValue>[];
  readonly changes: number;
}

export interface SqliteConnection {
  /** Runs the statements in their order: all of them, or none. */
  run(statements: readonly SqliteStatement[]): Promise<readonly SqliteResult[]>;
  close(): Promise<void>;
}

export interface SqliteConnections {
  readonly main: SqliteConnection;
  /** Absent: reports are read on the main connection. */
  readonly reports?: SqliteConnection;
  readonly limits: DatabaseLimits;
}

export const sqliteDatabase = ({ main, reports = main, limits }: SqliteConnections): Database => {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(main) });
  return {
    db,
    reports: reports === main ? db : new Kysely<Schema>({ dialect: sqliteDialect(reports) }),
    limits,
    batch: async (queries) => void (await main.run(compiled(queries).map(statementOf))),
    close: async () => {
      await Promise.all([...new Set([main, reports])].map((connection) => connection.close()));
    },
  };
};

const sqliteDialect = (connection: SqliteConnection): Dialect => ({
  createAdapter: () => new ConcurrentAdapter(),
  createDriver: () => driverOf(connection),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});

/** Statements need not wait for each other's answers here: each is one message. */
class ConcurrentAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

const driverOf = (connection: SqliteConnection): Driver => ({
  init: () => Promise.resolve(),
  acquireConnection: () => Promise.resolve(kyselyConnection(connection)),
  beginTransaction: noTransaction,
  commitTransaction: noTransaction,
  rollbackTransaction: noTransaction,
  releaseConnection: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
});

const noTransaction = (): Promise<never> =>
  Promise.reject(new Error('This database has no open transactions: use `batch`.'));

const kyselyConnection = (connection: SqliteConnection): DatabaseConnection => ({
  executeQuery: async <Row>(query: CompiledQuery): Promise<QueryResult<Row>> => {
    const [result] = await connection.run([statementOf(query)]);
    return { rows: (result?.rows ?? []) as Row[], numAffectedRows: BigInt(result?.changes ?? 0) };
  },
  streamQuery: () => {
    throw new Error('This database does not stream rows.');
  },
});

const statementOf = ({ sql, parameters }: CompiledQuery): SqliteStatement => ({
  sql,
  parameters: parameters as readonly SqliteValue[],
});
