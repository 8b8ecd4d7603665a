/** The rows of the ledger: how a summary becomes one, and back. */
import type { Compilable } from 'kysely';
import type { Cost, RequestContent, RequestError, RequestSummary, Strategy } from '../../turn/request-summary.ts';
import { definedOnly } from '../../util/defined-only.ts';
import { rowsPerInsert, type Database } from '../database/database.ts';
import type { ContentsTable, RequestsTable } from '../database/schema.ts';

export type { RequestContent };

export interface LedgerEntry {
  readonly row: RequestsTable;
  readonly content: ContentsTable | undefined;
  /** Roughly what it holds in memory. */
  readonly bytes: number;
}

/** Longer bodies are cut: a Durable Object takes rows of 2 MB, and a character can have three bytes. */
export const LONGEST_BODY = 300_000;

export const ledgerEntry = (summary: RequestSummary, content: RequestContent | undefined): LedgerEntry => {
  const row = rowOf(summary);
  const bodies = content === undefined ? undefined : contentOf(summary, content);
  return {
    row,
    content: bodies,
    bytes: 1_000 + 2 * ((bodies?.request?.length ?? 0) + (bodies?.response?.length ?? 0)),
  };
};

/** Writing an entry that is there already changes nothing, so that a batch of unknown fate can be written again. */
export const insertEntries = ({ db, limits }: Database, entries: readonly LedgerEntry[]): readonly Compilable[] => {
  const rows = entries.map(({ row }) => row);
  const contents = entries.flatMap(({ content }) => content ?? []);
  return [
    ...chunksOf(rows, limits).map((some) =>
      db
        .insertInto('proxy_requests')
        .values(some)
        .onConflict((conflict) => conflict.column('id').doNothing()),
    ),
    ...chunksOf(contents, limits).map((some) =>
      db
        .insertInto('proxy_contents')
        .values(some)
        .onConflict((conflict) => conflict.column('request_id').doNothing()),
    ),
  ];
};

const chunksOf = <Row extends object>(rows: readonly Row[], limits: Database['limits']): readonly Row[][] => {
  const size = rowsPerInsert(Object.keys(rows[0] ?? {}).length || 1, limits);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
};

const rowOf = (summary: RequestSummary): RequestsTable => ({
  id: text(summary.id, 100) ?? '',
  at: whole(summary.at),
  endpoint: text(summary.endpoint, 200) ?? '',
  dialect: text(summary.dialect, 50),
  key_id: text(summary.key?.id, 100),
  key_name: text(summary.key?.name, 200),
  client: text(summary.client.name, 200),
  user_agent: text(summary.client.userAgent, 300),
  session: text(summary.client.session, 200),
  model_asked: text(summary.modelAsked, 200),
  model: text(summary.model, 200),
  status: whole(summary.status),
  error_code: text(summary.error?.code, 50),
  error_param: text(summary.error?.param, 200),
  error_message: text(summary.error?.message, 500),
  input_tokens: whole(summary.tokens.input),
  output_tokens: whole(summary.tokens.output),
  cache_read_tokens: whole(summary.tokens.cacheRead),
  cache_write_5m_tokens: whole(summary.tokens.cacheWrite5m),
  cache_write_1h_tokens: whole(summary.tokens.cacheWrite1h),
  thinking_tokens: whole(summary.tokens.thinking),
  web_searches: whole(summary.webSearches),
  cost_usd: typeof summary.cost.usd === 'number' && Number.isFinite(summary.cost.usd) ? summary.cost.usd : null,
  cost_basis: summary.cost.basis,
  queue_ms: whole(summary.queueMs),
  first_token_ms: summary.firstTokenMs === undefined ? null : whole(summary.firstTokenMs),
  duration_ms: whole(summary.durationMs),
  strategy: text(summary.strategy, 20),
  stop_reason: text(summary.stopReason, 50),
  streamed: summary.streamed ? 1 : 0,
  retries: whole(summary.retries),
  ignored: text(summary.ignored?.join(), LONGEST_LIST),
  emulated: text(summary.emulated?.join(), LONGEST_LIST),
});

const LONGEST_LIST = 1_000;

const contentOf = ({ id, at }: RequestSummary, { request, response }: RequestContent): ContentsTable => ({
  request_id: text(id, 100) ?? '',
  at: whole(at),
  request: text(request, LONGEST_BODY),
  response: text(response, LONGEST_BODY),
});

/** Postgres takes neither the character 0 nor half a surrogate pair; both can come from a client's JSON. */
const text = (value: string | undefined, longest: number): string | null =>
  value === undefined ? null : value.slice(0, longest).replaceAll('\0', '').toWellFormed();

const whole = (value: number): number => (Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0);

export const summaryOf = (row: RequestsTable): RequestSummary => ({
  id: row.id,
  at: row.at,
  endpoint: row.endpoint,
  client: definedOnly({ name: row.client, userAgent: row.user_agent, session: row.session }),
  status: row.status,
  tokens: {
    input: row.input_tokens,
    output: row.output_tokens,
    cacheRead: row.cache_read_tokens,
    cacheWrite5m: row.cache_write_5m_tokens,
    cacheWrite1h: row.cache_write_1h_tokens,
    thinking: row.thinking_tokens,
  },
  webSearches: row.web_searches,
  cost: costOfRow(row),
  queueMs: row.queue_ms,
  durationMs: row.duration_ms,
  streamed: row.streamed === 1,
  retries: row.retries,
  ...(row.key_name !== null && { key: { name: row.key_name, ...(row.key_id !== null && { id: row.key_id }) } }),
  ...(row.error_code !== null && { error: errorOfRow(row) }),
  ...(row.first_token_ms !== null && { firstTokenMs: row.first_token_ms }),
  ...(row.strategy !== null && { strategy: row.strategy as Strategy }),
  ...definedOnly({
    dialect: row.dialect,
    modelAsked: row.model_asked,
    model: row.model,
    stopReason: row.stop_reason,
    ignored: row.ignored?.split(','),
    emulated: row.emulated?.split(','),
  }),
});

const costOfRow = ({ cost_usd: usd, cost_basis: basis }: RequestsTable): Cost =>
  usd === null ? { usd: 'unknown', basis: 'unknown' } : ({ usd, basis } as Cost);

const errorOfRow = (row: RequestsTable): RequestError => ({
  code: row.error_code as RequestError['code'],
  message: row.error_message ?? '',
  ...(row.error_param !== null && { param: row.error_param }),
});
