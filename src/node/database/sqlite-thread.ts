/**
 * The thread that holds a SQLite file open. Every call of `node:sqlite` blocks: a lock of another program, a slow disk
 * or a report over a year of rows would otherwise stop all answers of the server.
 */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteResult, SqliteStatement } from '../../store/database/sqlite-dialect.ts';
import type { SqliteFailure, SqliteReply, SqliteRequest, SqliteThreadOptions } from './sqlite-protocol.ts';

/** How long a statement waits for a lock that another program holds. */
const BUSY_TIMEOUT_MS = 5_000;
const MOST_PREPARED = 200;
// WAL: readers and the writer do not wait for each other. NORMAL: a crash of this program loses nothing that was
// committed, a power cut at most the last moments.
const SETTINGS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864';
// I/O error, corrupt, not a database: whoever mends the file puts another one in its place.
const FILE_IS_LOST: ReadonlySet<number> = new Set([10, 11, 26]);

const options = workerData as SqliteThreadOptions;
const prepared = new Map<string, StatementSync>();
let open: OpenFile | undefined;

interface OpenFile {
  readonly database: DatabaseSync;
  readonly inode: bigint | undefined;
}

parentPort?.on('message', ({ id, statements }: SqliteRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(statements === undefined ? close(id) : answer(id, statements));
});

function answer(id: number, statements: readonly SqliteStatement[]): SqliteReply {
  try {
    open ??= openFile(options);
    if (inodeOf(options.file) !== open.inode) return { id, error: lostFile() };
    return { id, results: runAll(open.database, statements) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, error: { message, code: errcode, lost: FILE_IS_LOST.has((errcode ?? 0) & 0xff) } };
  }
}

// Deleted or replaced, the file would still take everything that is written, and keep none of it.
function lostFile(): SqliteFailure {
  return { message: `${options.file} was deleted or replaced.`, code: undefined, lost: true };
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

function openFile({ file, readOnly }: SqliteThreadOptions): OpenFile {
  if (!readOnly) makePrivate(file);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, readOnly });
  try {
    if (!readOnly) database.exec(SETTINGS);
    return { database, inode: inodeOf(file) };
  } catch (error) {
    database.close();
    throw error;
  }
}

// SQLite gives its other files the mode of the main one. Without Claude Code nobody has made the directory yet.
function makePrivate(file: string): void {
  if (statSync(dirname(file), { throwIfNoEntry: false }) === undefined) makeDirectory(dirname(file));
  closeSync(openSync(file, 'a', 0o600));
}

// Step by step: `recursive` never ends where a directory can never be made, as in /proc.
function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    makeDirectory(dirname(dir));
    mkdirSync(dir, { mode: 0o700 });
  }
}

function runAll(db: DatabaseSync, statements: readonly SqliteStatement[]): readonly SqliteResult[] {
  if (statements.length === 1) return statements.map((statement) => runOne(db, statement));
  db.exec('BEGIN IMMEDIATE');
  try {
    const results = statements.map((statement) => runOne(db, statement));
    db.exec('COMMIT');
    return results;
  } catch (error) {
    // A full disk has ended the transaction already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function runOne(db: DatabaseSync, { sql, parameters }: SqliteStatement): SqliteResult {
  const statement = prepare(db, sql);
  if (statement.columns().length === 0) return { rows: [], changes: Number(statement.run(...parameters).changes) };
  const rows = statement.all(...parameters) as SqliteResult['rows'];
  return { rows, changes: rows.length };
}

function prepare(db: DatabaseSync, sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  if (prepared.size >= MOST_PREPARED) prepared.clear();
  const statement = db.prepare(sql);
  prepared.set(sql, statement);
  return statement;
}

function close(id: number): SqliteReply {
  open?.database.close();
  open = undefined;
  prepared.clear();
  return { id, results: [] };
}
