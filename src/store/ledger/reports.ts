/** Reports from the ledger: sums for charts and tables, and the requests one by one. */
import { sql, type ExpressionBuilder, type RawBuilder } from 'kysely';
import { TurnError } from '../../turn/errors.ts';
import type { RequestSummary } from '../../turn/request-summary.ts';
import type { OpenDatabase } from '../connection.ts';
import type { Schema } from '../database/schema.ts';
import { fiveHourBlocks, type Block } from './blocks.ts';
import { addFigures, noFigures, type Figures } from './figures.ts';
import { offsetsBetween, periodOfDay, type Offset, type Period } from './periods.ts';
import { summaryOf, type RequestContent } from './requests.ts';

export interface LedgerFilter {
  /** From this time on, and before that one, in milliseconds since the Unix epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly key?: string;
  readonly model?: string;
  readonly client?: string;
  readonly dialect?: string;
  readonly session?: string;
  readonly errorCode?: string;
  readonly status?: number;
  readonly outcome?: 'ok' | 'error';
}

export type Dimension = 'key' | 'model' | 'client' | 'dialect' | 'session' | 'errorCode' | 'strategy';

export interface TotalsOptions {
  /** What the sums are split by; nothing gives one sum. */
  readonly by?: readonly Dimension[];
  readonly period?: Period;
  /** An IANA name; where a day begins. */
  readonly timeZone?: string;
}

/** One sum, with the period and the names that it stands for; a request without a name is under null. */
export type Total = Figures & { readonly period?: string } & { readonly [Name in Dimension]?: string | null };

export interface Session extends Figures {
  readonly session: string;
  readonly key: string | null;
  readonly client: string | null;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface Page {
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface RequestPage {
  /** Newest first. */
  readonly requests: readonly RequestSummary[];
  /** Absent on the last page. */
  readonly next?: string;
}

export interface RequestDetail {
  readonly request: RequestSummary;
  /** Present where LOG_CONTENT kept it and it has not expired. */
  readonly content?: RequestContent;
}

export interface LedgerReports {
  /** Throws `invalid_request` for a time zone that does not exist. */
  totals(filter?: LedgerFilter, options?: TotalsOptions): Promise<readonly Total[]>;
  /** Conversations of clients that name them, the latest first. */
  sessions(filter: LedgerFilter, limit: number): Promise<readonly Session[]>;
  /** Blocks of five hours, the oldest first. */
  blocks(filter: LedgerFilter, now: number): Promise<readonly Block[]>;
  /** Throws `invalid_request` for a cursor of nobody. */
  requests(filter: LedgerFilter, page: Page): Promise<RequestPage>;
  request(id: string): Promise<RequestDetail | undefined>;
}

export const createLedgerReports = (open: OpenDatabase): LedgerReports => ({
  totals: (filter = {}, options = {}) => totalsOf(open, filter, options),
  sessions: async (filter, limit) => {
    const { reports } = await open();
    const rows = await reports
      .selectFrom('proxy_requests')
      .select(['session', 'key_name as key', 'client'])
      .select(({ fn }) => [fn.min('at').as('firstAt'), fn.max('at').as('lastAt')])
      .select(sums)
      .where(matches(filter))
      .where('session', 'is not', null)
      .groupBy(['session', 'key_name', 'client'])
      .orderBy('lastAt', 'desc')
      .limit(limit)
      .execute();
    return rows as unknown as readonly Session[];
  },
  blocks: async (filter, now) => {
    const { reports } = await open();
    const rows = await reports
      .selectFrom('proxy_requests')
      .select(sql<number>`at / 3600000`.as('hour'))
      .select(({ fn }) => [fn.min('at').as('firstAt'), fn.max('at').as('lastAt')])
      .select(sums)
      .where(matches(filter))
      .groupBy('hour')
      .orderBy('hour')
      .execute();
    return fiveHourBlocks(rows, now);
  },
  requests: async (filter, { limit, cursor }) => {
    const { reports } = await open();
    const all = reports.selectFrom('proxy_requests').selectAll().where(matches(filter));
    const rest = cursor === undefined ? all : all.where(before(cursor));
    const rows = await rest
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const [page, last] = [rows.slice(0, limit), rows[limit - 1]];
    const more = rows.length > limit && last !== undefined;
    return { requests: page.map(summaryOf), ...(more && { next: `${last.at}.${last.id}` }) };
  },
  request: async (id) => {
    const { reports } = await open();
    const row = await reports.selectFrom('proxy_requests').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return undefined;
    const content = await reports
      .selectFrom('proxy_contents')
      .select(['request', 'response'])
      .where('request_id', '=', id)
      .executeTakeFirst();
    return { request: summaryOf(row), ...(content !== undefined && { content: bodiesOf(content) }) };
  },
});

const totalsOf = async (
  open: OpenDatabase,
  filter: LedgerFilter,
  options: TotalsOptions,
): Promise<readonly Total[]> => {
  const { reports } = await open();
  const { by = [], period, timeZone = 'UTC' } = options;
  const range = period === undefined ? undefined : await rangeOf(filter, open);
  const offsets = range === undefined ? [] : offsetsIn(timeZone, range);
  const groups = [...(period === undefined ? [] : [localDay(offsets).as('day')]), ...by.map(named)];
  const columns = [...(period === undefined ? [] : ['day']), ...by.map((name) => COLUMNS[name])].map((name) =>
    sql.ref(name),
  );
  const all = reports.selectFrom('proxy_requests').select(groups).select(sums).where(matches(filter));
  const grouped = columns.length === 0 ? all : all.groupBy(columns).orderBy(sql.join(columns));
  const rows = (await grouped.execute()) as unknown as readonly DayTotal[];
  return period === undefined ? rows.filter(({ requests }) => requests > 0) : byPeriod(rows, period);
};

const COLUMNS = {
  key: 'key_name',
  model: 'model',
  client: 'client',
  dialect: 'dialect',
  session: 'session',
  errorCode: 'error_code',
  strategy: 'strategy',
} as const satisfies Record<Dimension, string>;

type Requests = ExpressionBuilder<Schema, 'proxy_requests'>;

const named = (name: Dimension) => sql.ref<string | null>(COLUMNS[name]).as(name);

const matches = (filter: LedgerFilter) => (query: Requests) =>
  query.and([
    ...(filter.from === undefined ? [] : [query('at', '>=', filter.from)]),
    ...(filter.to === undefined ? [] : [query('at', '<', filter.to)]),
    ...(['key', 'model', 'client', 'dialect', 'session', 'errorCode'] as const).flatMap((name) => {
      const value = filter[name];
      return value === undefined ? [] : [query(COLUMNS[name], '=', value)];
    }),
    ...(filter.status === undefined ? [] : [query('status', '=', filter.status)]),
    ...(filter.outcome === 'ok' ? [query('error_code', 'is', null)] : []),
    ...(filter.outcome === 'error' ? [query('error_code', 'is not', null)] : []),
  ]);

const sums = ({ fn }: Requests) =>
  [
    fn.countAll<number>().as('requests'),
    fn.count<number>('error_code').as('errors'),
    total('input_tokens').as('inputTokens'),
    total('output_tokens').as('outputTokens'),
    total('cache_read_tokens').as('cacheReadTokens'),
    total('cache_write_5m_tokens').as('cacheWrite5mTokens'),
    total('cache_write_1h_tokens').as('cacheWrite1hTokens'),
    total('thinking_tokens').as('thinkingTokens'),
    total('web_searches').as('webSearches'),
    total('cost_usd').as('costUsd'),
    sql<number>`count(*) - count(cost_usd)`.as('unpriced'),
    total('duration_ms').as('durationMs'),
    total('queue_ms').as('queueMs'),
    total('first_token_ms').as('firstTokenMs'),
    fn.count<number>('first_token_ms').as('answered'),
  ] as const;

const total = (column: string): RawBuilder<number> => sql<number>`coalesce(sum(${sql.ref(column)}), 0)`;

/** Days since 1970-01-01 in local time. Numbers are written into the statement: SQLite divides bound ones as floats. */
const localDay = (offsets: readonly Offset[]): RawBuilder<number> => {
  const last = sql.lit(offsets.at(-1)?.offsetMs ?? 0);
  const cases = offsets.slice(0, -1).map(({ offsetMs }, index) => {
    const until = sql.lit(offsets[index + 1]?.from ?? 0);
    return sql`when at < ${until} then ${sql.lit(offsetMs)}`;
  });
  const offset = cases.length === 0 ? last : sql`case ${sql.join(cases, sql` `)} else ${last} end`;
  return sql<number>`(at + ${offset}) / 86400000`;
};

const rangeOf = async (filter: LedgerFilter, open: OpenDatabase): Promise<{ from: number; to: number }> => {
  const { reports } = await open();
  const { first, last } = await reports
    .selectFrom('proxy_requests')
    .select(({ fn }) => [fn.min<number | null>('at').as('first'), fn.max<number | null>('at').as('last')])
    .where(matches(filter))
    .executeTakeFirstOrThrow();
  return { from: first ?? 0, to: last ?? 0 };
};

const offsetsIn = (timeZone: string, { from, to }: { from: number; to: number }): readonly Offset[] => {
  try {
    return offsetsBetween(timeZone, from, to);
  } catch (error) {
    const message = `There is no time zone \`${timeZone.slice(0, 100)}\`.`;
    throw new TurnError('invalid_request', message, { param: 'timeZone', cause: error });
  }
};

type DayTotal = Total & { readonly day: number };

const byPeriod = (rows: readonly DayTotal[], period: Period): readonly Total[] => {
  const totals = new Map<string, Total>();
  for (const { day, ...row } of rows) {
    const name = periodOfDay(day, period);
    const names = Object.fromEntries(Object.entries(row).filter(([key]) => key in COLUMNS));
    const key = JSON.stringify([name, names]);
    const known = totals.get(key);
    totals.set(key, {
      period: name,
      ...names,
      ...(known === undefined ? addFigures(noFigures, row) : addFigures(known, row)),
    });
  }
  return [...totals.values()];
};

const before = (cursor: string) => (query: Requests) => {
  const [, at, id] = /^(\d{1,15})\.(.*)$/su.exec(cursor) ?? [];
  if (at === undefined || id === undefined) {
    throw new TurnError('invalid_request', 'This cursor is not one of a page before.', { param: 'cursor' });
  }
  return query.or([query('at', '<', Number(at)), query.and([query('at', '=', Number(at)), query('id', '<', id)])]);
};

const bodiesOf = ({ request, response }: { request: string | null; response: string | null }): RequestContent => ({
  ...(request !== null && { request }),
  ...(response !== null && { response }),
});
