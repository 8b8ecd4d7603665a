/** SQLite in a file of this machine, each connection in a thread of its own. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Database } from '../../store/database/database.ts';
import { sqliteDatabase, type SqliteConnection, type SqliteResult } from '../../store/database/sqlite-dialect.ts';
import type { SqliteFailure, SqliteReply, SqliteRequest, SqliteThreadOptions } from './sqlite-protocol.ts';

/** https://www.sqlite.org/limits.html, as Node compiles it. */
const LIMITS = { parameters: 32_766, rowBytes: 1_000_000_000 };

/**
 * `file`: where the database is or will be; `lost` is called when it turns out to be gone. Nothing is opened before it
 * is used.
 */
export const openSqlite = (file: string, lost: () => void): Database =>
  sqliteDatabase({
    main: new SqliteThread({ file, readOnly: false }, lost),
    reports: new SqliteThread({ file, readOnly: true }, lost),
    limits: LIMITS,
  });

class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly code: number | undefined;

  constructor({ message, code }: SqliteFailure) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  resolve(results: readonly SqliteResult[]): void;
  reject(error: Error): void;
}

// Compiled, the files end in `.js`.
const THREAD = new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url);

/** Starts its thread at the first use, and another one if that dies. */
class SqliteThread implements SqliteConnection {
  readonly #options: SqliteThreadOptions;
  readonly #lost: () => void;
  #thread: Thread | undefined;
  #closed = false;

  constructor(options: SqliteThreadOptions, lost: () => void) {
    this.#options = options;
    this.#lost = lost;
  }

  run(statements: NonNullable<SqliteRequest['statements']>): Promise<readonly SqliteResult[]> {
    if (this.#closed) return Promise.reject(new Error('The database has been closed.'));
    if (this.#thread === undefined || this.#thread.ended) this.#thread = new Thread(this.#options, this.#lost);
    return this.#thread.ask({ statements });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #lost: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  ended = false;

  constructor(options: SqliteThreadOptions, lost: () => void) {
    this.#lost = lost;
    this.#worker = new Worker(THREAD, { workerData: options, execArgv: [] });
    this.#worker.on('message', (reply: SqliteReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#died(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#died(new Error('The thread of the database ended.')));
  }

  ask(request: Omit<SqliteRequest, 'id'>): Promise<readonly SqliteResult[]> {
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<readonly SqliteResult[]>();
    this.#waiting.set(id, { resolve, reject });
    // A thread that nobody waits for does not keep the program alive.
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage({ id, ...request });
    return promise;
  }

  async end(): Promise<void> {
    // One that has died meanwhile is closed as well.
    if (!this.ended) await Promise.allSettled([this.ask({})]);
    // Without a reference the program could end before the thread has.
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #settle(reply: SqliteReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('results' in reply) return waiting?.resolve(reply.results);
    waiting?.reject(new SqliteError(reply.error));
    if (reply.error.lost) this.#lost();
  }

  #died(error: Error): void {
    this.ended = true;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
