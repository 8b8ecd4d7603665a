/** Stored answers of the Responses API: kept for a while, found again by their owner alone. */
import { sql } from 'kysely';
import type { OpenDatabase } from './connection.ts';
import type { ResponsesTable } from './database/schema.ts';

export interface StoredResponse {
  readonly id: string;
  /** Whose it is; nobody else finds it. */
  readonly owner: string;
  readonly previousId: string | undefined;
  readonly createdAt: number;
  /** JSON, as it was sent. */
  readonly response: string;
  /** JSON, the items of the request. */
  readonly inputItems: string;
}

/** Who asks, and when. */
export interface Reader {
  readonly owner: string;
  readonly now: number;
}

export interface ResponseStore {
  /** `too_large`: it is not kept. An id that is there already keeps what it has. */
  put(response: StoredResponse): Promise<'stored' | 'too_large'>;
  get(id: string, reader: Reader): Promise<StoredResponse | undefined>;
  /** The response and all that it continues, the oldest first. It begins later where an earlier one has expired. */
  history(id: string, reader: Reader): Promise<readonly StoredResponse[]>;
  /** False where there was none. */
  delete(id: string, owner: string): Promise<boolean>;
}

/** A conversation that has been continued more often is read from here on. */
const LONGEST_HISTORY = 1_000;

export interface ResponseLimits {
  /** The largest response that is stored. */
  readonly maxBytes: number;
  /** How long one is found. */
  readonly lifetimeMs: number;
}

export const createResponseStore = (open: OpenDatabase, limits: ResponseLimits): ResponseStore => ({
  put: async (response) => {
    const { db, limits: database } = await open();
    const row = toRow(response, limits);
    if (row.bytes > Math.min(limits.maxBytes, database.rowBytes - ROW_OVERHEAD)) return 'too_large';
    await db
      .insertInto('proxy_responses')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return 'stored';
  },
  get: async (id, { owner, now }) => {
    const { db } = await open();
    const row = await db
      .selectFrom('proxy_responses')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', owner)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return row === undefined ? undefined : responseOf(row);
  },
  history: async (id, { owner, now }) => {
    const { db } = await open();
    const rows = await db
      .withRecursive('history', (query) =>
        query
          .selectFrom('proxy_responses')
          .selectAll()
          .select(sql<number>`0`.as('depth'))
          .where('id', '=', id)
          .where('owner', '=', owner)
          .where('expires_at', '>', now)
          .unionAll((again) =>
            again
              .selectFrom('history')
              .innerJoin('proxy_responses as earlier', 'earlier.id', 'history.previous_id')
              .selectAll('earlier')
              .select(sql<number>`history.depth + 1`.as('depth'))
              .where('earlier.owner', '=', owner)
              .where('earlier.expires_at', '>', now)
              .where('history.depth', '<', LONGEST_HISTORY),
          ),
      )
      .selectFrom('history')
      .selectAll()
      .orderBy('depth', 'desc')
      .execute();
    return rows.map(responseOf);
  },
  delete: async (id, owner) => {
    const { db } = await open();
    const mine = db.deleteFrom('proxy_responses').where('id', '=', id).where('owner', '=', owner);
    return (await mine.returning('id').executeTakeFirst()) !== undefined;
  },
});

/** The other columns of a row. */
const ROW_OVERHEAD = 2_000;

const utf8 = new TextEncoder();

const toRow = (stored: StoredResponse, { lifetimeMs }: ResponseLimits): ResponsesTable => ({
  id: stored.id,
  owner: stored.owner,
  previous_id: stored.previousId ?? null,
  created_at: stored.createdAt,
  expires_at: stored.createdAt + lifetimeMs,
  bytes: utf8.encode(stored.response).length + utf8.encode(stored.inputItems).length,
  response: stored.response,
  input_items: stored.inputItems,
});

const responseOf = (row: ResponsesTable): StoredResponse => ({
  id: row.id,
  owner: row.owner,
  previousId: row.previous_id ?? undefined,
  createdAt: row.created_at,
  response: row.response,
  inputItems: row.input_items,
});
