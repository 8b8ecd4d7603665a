/** The rows of named keys. What their limits mean is `access/`'s matter; here they are JSON. */
import { TurnError } from '../turn/errors.ts';
import type { OpenDatabase } from './connection.ts';
import { isDuplicate } from './database/database.ts';
import type { KeysTable } from './database/schema.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key, in hex. */
  readonly hash: string;
  readonly hint: string;
  readonly role: string;
  readonly limits: Json;
  readonly aliases: Json;
  readonly allowedModels: Json;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
}

/** What is undefined stays; an `expiresAt` of null takes the date away. */
export interface KeyChanges {
  readonly name?: string | undefined;
  readonly role?: string | undefined;
  readonly limits?: Json | undefined;
  readonly aliases?: Json | undefined;
  readonly allowedModels?: Json | undefined;
  readonly expiresAt?: number | null | undefined;
}

export interface KeyStore {
  /** Throws `invalid_request` where the name is taken. */
  insert(key: KeyRow): Promise<void>;
  byHash(hash: string): Promise<KeyRow | undefined>;
  byId(id: string): Promise<KeyRow | undefined>;
  /** Newest first; revoked ones only where asked for. */
  list(options?: { readonly revoked?: boolean }): Promise<readonly KeyRow[]>;
  /** The key as it is then; undefined where there is none, or it was revoked. */
  update(id: string, changes: KeyChanges): Promise<KeyRow | undefined>;
  /** False where there was nothing to revoke. */
  revoke(id: string, at: number): Promise<boolean>;
}

export const createKeyStore = (open: OpenDatabase): KeyStore => ({
  insert: async (key) => {
    const { db } = await open();
    await unlessTaken(key.name, db.insertInto('proxy_keys').values(toRow(key)).execute());
  },
  byHash: async (hash) => {
    const { db } = await open();
    return fromRow(await db.selectFrom('proxy_keys').selectAll().where('hash', '=', hash).executeTakeFirst());
  },
  byId: async (id) => {
    const { db } = await open();
    return fromRow(await db.selectFrom('proxy_keys').selectAll().where('id', '=', id).executeTakeFirst());
  },
  list: async ({ revoked = false } = {}) => {
    const { db } = await open();
    const all = db.selectFrom('proxy_keys').selectAll().orderBy('created_at', 'desc').orderBy('id');
    const rows = await (revoked ? all : all.where('revoked_at', 'is', null)).execute();
    return rows.map(keyOf);
  },
  update: async (id, changes) => {
    const { db } = await open();
    const columns = toColumns(changes);
    // An update of no columns is no SQL.
    const set = Object.keys(columns).length > 0 ? columns : { id };
    const live = db.updateTable('proxy_keys').set(set).where('id', '=', id).where('revoked_at', 'is', null);
    return fromRow(await unlessTaken(changes.name, live.returningAll().executeTakeFirst()));
  },
  revoke: async (id, at) => {
    const { db } = await open();
    const live = db
      .updateTable('proxy_keys')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('revoked_at', 'is', null);
    return (await live.returning('id').executeTakeFirst()) !== undefined;
  },
});

const unlessTaken = async <Result>(name: string | undefined, work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new TurnError('invalid_request', `There is a key named \`${name}\` already.`, {
      param: 'name',
      cause: error,
    });
  }
};

const toRow = (key: KeyRow): KeysTable => ({
  id: key.id,
  name: key.name,
  hash: key.hash,
  hint: key.hint,
  role: key.role,
  limits: JSON.stringify(key.limits),
  aliases: JSON.stringify(key.aliases),
  allowed_models: JSON.stringify(key.allowedModels),
  created_at: key.createdAt,
  expires_at: key.expiresAt ?? null,
  revoked_at: key.revokedAt ?? null,
});

const toColumns = (changes: KeyChanges): Partial<KeysTable> => ({
  ...(changes.name !== undefined && { name: changes.name }),
  ...(changes.role !== undefined && { role: changes.role }),
  ...(changes.limits !== undefined && { limits: JSON.stringify(changes.limits) }),
  ...(changes.aliases !== undefined && { aliases: JSON.stringify(changes.aliases) }),
  ...(changes.allowedModels !== undefined && { allowed_models: JSON.stringify(changes.allowedModels) }),
  ...(changes.expiresAt !== undefined && { expires_at: changes.expiresAt }),
});

const fromRow = (row: KeysTable | undefined): KeyRow | undefined => (row === undefined ? undefined : keyOf(row));

const keyOf = (row: KeysTable): KeyRow => ({
  id: row.id,
  name: row.name,
  hash: row.hash,
  hint: row.hint,
  role: row.role,
  limits: JSON.parse(row.limits) as Json,
  aliases: JSON.parse(row.aliases) as Json,
  allowedModels: JSON.parse(row.allowed_models) as Json,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
});
