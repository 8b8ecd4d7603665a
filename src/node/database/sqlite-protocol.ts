/** What a server and its SQLite thread say to each other. */
import type { SqliteResult, SqliteStatement } from '../../store/database/sqlite-dialect.ts';

export interface SqliteThreadOptions {
  readonly file: string;
  readonly readOnly: boolean;
}

export interface SqliteRequest {
  readonly id: number;
  /** Absent: the database is to be closed. */
  readonly statements?: readonly SqliteStatement[];
}

export type SqliteReply =
  | { readonly id: number; readonly results: readonly SqliteResult[] }
  | { readonly id: number; readonly error: SqliteFailure };

export interface SqliteFailure {
  readonly message: string;
  /** The extended result code of SQLite: https://www.sqlite.org/rescode.html */
  readonly code: number | undefined;
  /** The file is gone, or another one stands in its place. */
  readonly lost: boolean;
}
