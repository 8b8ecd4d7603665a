/**
 * The tables, in numbered steps. A step that has been released is never changed; a change is a new step. Each runs as
 * one batch that begins with its own number: where two servers start at once, the second finds the number taken,
 * nothing of its batch happens, and it goes on from there.
 */
import { sql, type Compilable, type Kysely } from 'kysely';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

type Step = (db: Kysely<Schema>) => readonly Compilable[];

/** The first one is number 1. */
const STEPS: readonly Step[] = [
  (db) => [...keys(db), ...ledger(db), ...sharedValues(db), ...responses(db)],
  (db) => fatesOfParameters(db),
];

export const newestVersion = STEPS.length;

/** Brings the tables up to date. Throws where a newer release has written the database. */
export const migrate = async (database: Database, now: number): Promise<void> => {
  for (let version = await currentVersion(database); version < newestVersion;) {
    const number = version + 1;
    const failure = await runStep(database, { number, now });
    version = await currentVersion(database);
    // Taken by another server, the step has been done; otherwise it failed by itself.
    if (failure !== undefined && version < number) throw failure;
  }
};

const runStep = async ({ db, batch }: Database, { number, now }: { number: number; now: number }): Promise<unknown> => {
  const mark = db.insertInto('proxy_schema_versions').values({ version: number, applied_at: now });
  try {
    await batch([mark, ...(STEPS[number - 1]?.(db) ?? [])]);
    return undefined;
  } catch (error) {
    return error;
  }
};

const currentVersion = async ({ db }: Database): Promise<number> => {
  const version = await readVersion(db, await makeVersionTable(db));
  if (version > newestVersion) {
    throw new Error(
      `The database is of a newer release: its tables are version ${version}, these are ${newestVersion}.`,
    );
  }
  return version;
};

const readVersion = async (db: Kysely<Schema>, failure: unknown): Promise<number> => {
  try {
    const row = db
      .selectFrom('proxy_schema_versions')
      .select((query) => query.fn.coalesce(query.fn.max('version'), query.lit(0)).as('version'));
    return (await row.executeTakeFirstOrThrow()).version;
  } catch (error) {
    throw failure ?? error;
  }
};

/**
 * Resolves to the error. Where two servers make a table at once, "if not exists" does not keep Postgres from several
 * kinds of errors about duplicates in its own catalog; the table is there then all the same.
 */
const makeVersionTable = async (db: Kysely<Schema>): Promise<unknown> => {
  const table = db.schema
    .createTable('proxy_schema_versions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull());
  try {
    await table.execute();
    return undefined;
  } catch (error) {
    return error;
  }
};

const keys = ({ schema }: Kysely<Schema>): readonly Compilable[] => [
  schema
    .createTable('proxy_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('limits', 'text', (column) => column.notNull())
    .addColumn('aliases', 'text', (column) => column.notNull())
    .addColumn('allowed_models', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint'),
  // A revoked key stays for the ledger; its name is free again.
  schema
    .createIndex('proxy_keys_name')
    .unique()
    .on('proxy_keys')
    .column('name')
    .where(sql.ref('revoked_at'), 'is', null),
];

const ledger = ({ schema }: Kysely<Schema>): readonly Compilable[] => [
  schema
    .createTable('proxy_requests')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('dialect', 'text')
    .addColumn('key_id', 'text')
    .addColumn('key_name', 'text')
    .addColumn('client', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('session', 'text')
    .addColumn('model_asked', 'text')
    .addColumn('model', 'text')
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_param', 'text')
    .addColumn('error_message', 'text')
    .addColumn('input_tokens', 'bigint', (column) => column.notNull())
    .addColumn('output_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_read_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_write_5m_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_write_1h_tokens', 'bigint', (column) => column.notNull())
    .addColumn('thinking_tokens', 'bigint', (column) => column.notNull())
    .addColumn('web_searches', 'integer', (column) => column.notNull())
    .addColumn('cost_usd', 'double precision')
    .addColumn('cost_basis', 'text', (column) => column.notNull())
    .addColumn('queue_ms', 'bigint', (column) => column.notNull())
    .addColumn('first_token_ms', 'bigint')
    .addColumn('duration_ms', 'bigint', (column) => column.notNull())
    .addColumn('strategy', 'text')
    .addColumn('stop_reason', 'text')
    .addColumn('streamed', 'integer', (column) => column.notNull())
    .addColumn('retries', 'integer', (column) => column.notNull()),
  schema.createIndex('proxy_requests_at').on('proxy_requests').columns(['at', 'id']),
  schema.createIndex('proxy_requests_key').on('proxy_requests').columns(['key_name', 'at']),
  schema.createIndex('proxy_requests_session').on('proxy_requests').columns(['session', 'at']),
  schema
    .createTable('proxy_contents')
    .addColumn('request_id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('request', 'text')
    .addColumn('response', 'text'),
  schema.createIndex('proxy_contents_at').on('proxy_contents').column('at'),
];

const sharedValues = ({ schema }: Kysely<Schema>): readonly Compilable[] => [
  schema
    .createTable('proxy_values')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull()),
  schema
    .createTable('proxy_claims')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull()),
];

const responses = ({ schema }: Kysely<Schema>): readonly Compilable[] => [
  schema
    .createTable('proxy_responses')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('previous_id', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addColumn('response', 'text', (column) => column.notNull())
    .addColumn('input_items', 'text', (column) => column.notNull()),
  schema.createIndex('proxy_responses_owner').on('proxy_responses').columns(['owner', 'created_at']),
  schema.createIndex('proxy_responses_expiry').on('proxy_responses').column('expires_at'),
];

// A statement each: SQLite adds one column at a time.
const fatesOfParameters = ({ schema }: Kysely<Schema>): readonly Compilable[] =>
  ['ignored', 'emulated'].map((column) => schema.alterTable('proxy_requests').addColumn(column, 'text'));
