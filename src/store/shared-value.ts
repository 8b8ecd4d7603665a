/**
 * A value that several servers change. A change is a pure function of what is there; where another server was faster,
 * it is applied again to what that one has left. Changes that come while one is being written are written together
 * next.
 */
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { timedOut, within } from '../util/timer.ts';
import type { OpenDatabase } from './connection.ts';
import type { Database } from './database/database.ts';

export interface SharedValue<Value> {
  /**
   * Applies the step and resolves to its result. Never rejects for want of a database: then the step holds on this
   * server only.
   */
  change<Result>(step: Step<Value, Result>): Promise<Result>;
  /** What is there now; without the database, what this server knew last. */
  current(): Promise<Value>;
}

export type Step<Value, Result> = (value: Value) => { readonly value: Value; readonly result: Result };

export interface SharedValueOptions<Value> {
  readonly id: string;
  /** What is there before the first change, and where what is stored cannot be read. */
  readonly initial: Value;
  readonly parse: (stored: unknown) => Value | undefined;
  readonly open: OpenDatabase;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

/** No request waits longer than this for the database. */
const PATIENCE_MS = 1_000;
/** After a failure the database is left alone for so long. */
const REST_MS = 10_000;
/** With so many conflicts in a row something else is wrong. */
const MOST_CONFLICTS = 50;

export const createSharedValue = <Value>(options: SharedValueOptions<Value>): SharedValue<Value> =>
  new StoredValue(options);

interface Known<Value> {
  /** 0: not stored yet, as far as is known. */
  readonly version: number;
  readonly value: Value;
}

interface Applied<Value> {
  readonly value: Value;
  readonly settle: () => void;
}

type Change<Value> = (before: Value) => Applied<Value>;

class StoredValue<Value> implements SharedValue<Value> {
  readonly #options: SharedValueOptions<Value>;
  #known: Known<Value>;
  #waiting: Change<Value>[] = [];
  #writing = false;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SharedValueOptions<Value>) {
    this.#options = options;
    this.#known = { version: 0, value: options.initial };
  }

  change<Result>(step: Step<Value, Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push((before) => {
      try {
        const { value, result } = step(before);
        return { value, settle: () => resolve(result) };
      } catch (error) {
        return { value: before, settle: () => reject(error) };
      }
    });
    if (!this.#writing) void this.#writeAll();
    return promise;
  }

  async current(): Promise<Value> {
    const stored = await this.#attempt(async () => load(await this.#options.open(), this.#options));
    return (stored ?? this.#known).value;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#write(inOrder(this.#waiting.splice(0)));
    this.#writing = false;
  }

  async #write(change: Change<Value>): Promise<void> {
    const stored = await this.#attempt(() => compareAndSet(change, this.#known, this.#options));
    // What only this server has counted keeps the old version, so that it cannot replace what others have stored since.
    const applied = stored?.applied ?? change(this.#known.value);
    this.#known = { version: stored?.version ?? this.#known.version, value: applied.value };
    applied.settle();
  }

  /** Undefined where the database cannot be had in time. */
  async #attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    const { clock, id, log } = this.#options;
    if (clock.elapsed() < this.#restsUntil) return undefined;
    try {
      const result = await within(work(), PATIENCE_MS, clock);
      if (result !== timedOut) return result;
      log.warn({ value: id, ms: PATIENCE_MS }, 'the database is too slow; this server counts for itself');
    } catch (error) {
      log.warn({ value: id, err: error }, 'the database is not available; this server counts for itself');
    }
    this.#restsUntil = clock.elapsed() + REST_MS;
    return undefined;
  }
}

interface Stored<Value> {
  readonly version: number;
  readonly applied: Applied<Value>;
}

const inOrder =
  <Value>(changes: readonly Change<Value>[]): Change<Value> =>
  (before) => {
    let value = before;
    const settlers: (() => void)[] = [];
    for (const change of changes) {
      const applied = change(value);
      value = applied.value;
      settlers.push(applied.settle);
    }
    return {
      value,
      settle: () => {
        for (const settle of settlers) settle();
      },
    };
  };

const compareAndSet = async <Value>(
  change: Change<Value>,
  start: Known<Value>,
  options: SharedValueOptions<Value>,
): Promise<Stored<Value>> => {
  const database = await options.open();
  let known = start;
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts += 1) {
    const applied = change(known.value);
    if (applied.value !== known.value && (await save(database, { ...known, value: applied.value }, options))) {
      return { version: known.version + 1, applied };
    }
    const stored = await load(database, options);
    // A step that changes nothing is not written, but what it has seen must be what is stored.
    if (applied.value === known.value && stored.version === known.version) return { version: known.version, applied };
    known = stored;
  }
  throw new Error(`${options.id} was changed by others ${MOST_CONFLICTS} times in a row.`);
};

/** False where the stored version is another one. */
const save = async <Value>(
  { db }: Database,
  { version, value }: Known<Value>,
  { id, clock }: SharedValueOptions<Value>,
): Promise<boolean> => {
  const row = { value: JSON.stringify(value), version: version + 1, updated_at: clock.now() };
  const written =
    version === 0
      ? await db
          .insertInto('proxy_values')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .returning('version')
          .executeTakeFirst()
      : await db
          .updateTable('proxy_values')
          .set(row)
          .where('id', '=', id)
          .where('version', '=', version)
          .returning('version')
          .executeTakeFirst();
  return written !== undefined;
};

const load = async <Value>(
  { db }: Database,
  { id, initial, parse, log }: SharedValueOptions<Value>,
): Promise<Known<Value>> => {
  const row = await db.selectFrom('proxy_values').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return { version: 0, value: initial };
  const value = parse(parseJson(row.value));
  if (value === undefined) log.warn({ value: id }, 'a stored value cannot be read and begins anew');
  return { version: row.version, value: value ?? initial };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
