/**
 * One database behind Kysely: SQLite, Postgres, or the SQLite of a Durable Object. Statements that belong together go
 * through `batch`; Kysely's own transactions are not used, because a Durable Object cannot hold one open across an
 * await.
 */
import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export interface Database {
  /** Single statements. */
  readonly db: Kysely<Schema>;
  /** Reading that may take long. It holds up nobody who uses `db`. */
  readonly reports: Kysely<Schema>;
  readonly limits: DatabaseLimits;
  /** Runs the statements in their order: all of them, or none. */
  readonly batch: (queries: readonly Compilable[]) => Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseLimits {
  /** Most values that one statement can carry. */
  readonly parameters: number;
  /** Most bytes of one row. */
  readonly rowBytes: number;
}

/** Opens a database, or throws; asked again after it has failed, and after it has called `lost`: its data is gone. */
export type Connect = (lost: () => void) => Promise<Database>;

/** How many rows of so many columns one insert can carry. */
export const rowsPerInsert = (columns: number, limits: DatabaseLimits): number =>
  Math.max(1, Math.floor(limits.parameters / columns));

/** Two servers wrote the same key, or one wrote it twice. */
export const isDuplicate = (error: unknown): boolean =>
  codeOf(error) === '23505' || /unique constraint failed/iu.test(messageOf(error));

/** The database refuses what it was given, and would refuse it again; anything else may go better later. */
export const isBadData = (error: unknown): boolean =>
  /^2[23]/u.test(codeOf(error)) ||
  /constraint failed|datatype mismatch|too big|SQLITE_TOOBIG|SQLITE_CONSTRAINT/iu.test(messageOf(error));

export const compiled = (queries: readonly Compilable[]): readonly CompiledQuery[] =>
  queries.map((query) => query.compile());

/** An error in words; one of several refused connections has only a code. */
export const describe = (error: unknown): string => messageOf(error) || codeOf(error) || 'unknown error';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | undefined | null)?.code;
  return typeof code === 'string' ? code : '';
};
