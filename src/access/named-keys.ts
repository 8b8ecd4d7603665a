/**
 * Keys with a name: created here, shown once, stored as hashes. Every request looks its key up, so that a change or a
 * revocation takes effect at once on every server. Where the database does not answer, its last answer counts.
 */
import { z } from 'zod';
import type { KeyRow, KeyStore } from '../store/keys.ts';
import { TurnError } from '../turn/errors.ts';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { sha256 } from '../util/sha256.ts';
import { timedOut, within } from '../util/timer.ts';
import { keyLimits, type KeyLimits } from './limits/key-limits.ts';

export interface NamedKey {
  readonly id: string;
  readonly name: string;
  readonly role: 'admin' | 'user';
  /** The last characters of the key, for recognising it. */
  readonly hint: string;
  readonly limits: KeyLimits;
  /** Own model names of this key, before the server's. A name may end in `*`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Allowed models, as ids, families or prefixes with `*`; undefined allows all. */
  readonly allowedModels: readonly string[] | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
}

export type FoundKey =
  | { readonly kind: 'known'; readonly key: NamedKey }
  | { readonly kind: 'expired'; readonly key: NamedKey }
  | { readonly kind: 'revoked'; readonly key: NamedKey }
  | { readonly kind: 'unknown' };

export interface NamedKeys {
  /** Throws `invalid_request` with the field at fault. `secret` is the key itself, which is never shown again. */
  create(settings: unknown): Promise<{ readonly secret: string; readonly key: NamedKey }>;
  /**
   * The key that a client sent. Throws `store_unavailable` where the database is gone and the key was not seen before.
   */
  find(presented: string): Promise<FoundKey>;
  /** As `find`, by the id that lists show. Throws what the store throws. */
  byId(id: string): Promise<FoundKey>;
  list(options?: { readonly revoked?: boolean }): Promise<readonly NamedKey[]>;
  /** Changes the given fields; `expiresAt: null` and `allowedModels: null` remove them. Undefined: no such key. */
  update(id: string, changes: unknown): Promise<NamedKey | undefined>;
  /** False where there was no such key. */
  revoke(id: string): Promise<boolean>;
}

export interface NamedKeysOptions {
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not hold control characters');
const model = z.string().trim().min(1).max(200);
const fields = {
  role: z.enum(['admin', 'user']),
  limits: keyLimits,
  aliases: z.record(model, model),
  allowedModels: z.array(model).min(1).max(100).nullable(),
  /** Milliseconds since the Unix epoch, or an ISO date. */
  expiresAt: z
    .union([z.int().positive(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
    .nullable(),
};

export const newKey = z.strictObject({
  name,
  role: fields.role.default('user'),
  limits: fields.limits.default({}),
  aliases: fields.aliases.default({}),
  allowedModels: fields.allowedModels.default(null),
  expiresAt: fields.expiresAt.default(null),
});

export const changedKey = z.strictObject({ name, ...fields }).partial();

/** How long the database is waited for before its last answer counts. */
const PATIENCE_MS = 1_000;
/** How long after a failure known keys are not looked up. */
const REST_MS = 5_000;
const MOST_REMEMBERED = 10_000;

export const createNamedKeys = ({ store, clock, log }: NamedKeysOptions): NamedKeys => {
  const remembered = new Map<string, KeyRow>();
  let restsUntil = Number.NEGATIVE_INFINITY;

  const lookUp = async (hash: string): Promise<KeyRow | undefined> => {
    const row = await within(store.byHash(hash), PATIENCE_MS, clock);
    if (row === timedOut) throw new Error(`The database did not answer within ${PATIENCE_MS} ms.`);
    remembered.delete(hash);
    if (row !== undefined) remembered.set(hash, row);
    for (const oldest of remembered.keys()) if (remembered.size > MOST_REMEMBERED) remembered.delete(oldest);
    return row;
  };

  const lookUpOrRemember = async (hash: string): Promise<KeyRow | undefined> => {
    const row = remembered.get(hash);
    if (row !== undefined && clock.elapsed() < restsUntil) return row;
    try {
      return await lookUp(hash);
    } catch (error) {
      restsUntil = clock.elapsed() + REST_MS;
      if (row === undefined) throw notChecked(error);
      log.warn({ key: row.name, err: error }, 'a key could not be looked up; what was known of it counts');
      return row;
    }
  };

  return {
    create: async (settings) => {
      const given = parsed(newKey, settings);
      const secret = `${PREFIX}${base64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
      const row: KeyRow = {
        ...given,
        id: `key_${hex(crypto.getRandomValues(new Uint8Array(8)))}`,
        hash: sha256(secret),
        hint: secret.slice(-4),
        createdAt: clock.now(),
        expiresAt: given.expiresAt ?? undefined,
        revokedAt: undefined,
      };
      await store.insert(row);
      return { secret, key: keyOf(row) };
    },
    find: async (presented) => {
      if (!SHAPE.test(presented)) return { kind: 'unknown' };
      const row = await lookUpOrRemember(sha256(presented));
      return row === undefined ? { kind: 'unknown' } : judge(keyOf(row), clock.now());
    },
    byId: async (id) => {
      const row = await store.byId(id);
      return row === undefined ? { kind: 'unknown' } : judge(keyOf(row), clock.now());
    },
    list: async (options) => (await store.list(options)).map(keyOf),
    update: async (id, changes) => {
      const row = await store.update(id, parsed(changedKey, changes));
      return row === undefined ? undefined : keyOf(row);
    },
    revoke: (id) => store.revoke(id, clock.now()),
  };
};

const PREFIX = 'ocp_';
/** Nothing else is looked up: guesses by strangers do not reach the database. */
const SHAPE = /^ocp_[\w-]{43}$/u;

const judge = (key: NamedKey, now: number): FoundKey => {
  if (key.revokedAt !== undefined) return { kind: 'revoked', key };
  return { kind: key.expiresAt !== undefined && key.expiresAt <= now ? 'expired' : 'known', key };
};

const notChecked = (cause: unknown): TurnError =>
  new TurnError(
    'store_unavailable',
    'Keys cannot be checked at the moment: the database of this server does not answer.',
    {
      retryAfterSeconds: 5,
      cause,
    },
  );

const parsed = <Schema extends z.ZodType>(schema: Schema, settings: unknown): z.output<Schema> => {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const param = [...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.');
  throw new TurnError('invalid_request', `${param || 'The key'}: ${issue?.message ?? 'is not valid'}.`, { param });
};

/** Only this file writes the rows; limits that a later release added are left out. */
const keyOf = (row: KeyRow): NamedKey => ({
  id: row.id,
  name: row.name,
  role: row.role === 'admin' ? 'admin' : 'user',
  hint: row.hint,
  limits: z.object(keyLimits.shape).parse(row.limits),
  aliases: fields.aliases.parse(row.aliases),
  allowedModels: fields.allowedModels.parse(row.allowedModels) ?? undefined,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  revokedAt: row.revokedAt,
});

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCodePoint(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
