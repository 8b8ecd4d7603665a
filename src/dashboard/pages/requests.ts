/** Requests, newest first: filtered, in pages, each with a page of its own. */
import type { Admin } from '../../http/admin/admin.ts';
import type { RequestSummary } from '../../turn/request-summary.ts';
import { errorCodes } from '../../turn/errors.ts';
import { milliseconds, priceOf } from '../figures.ts';
import { count, empty, html, nothing, table, time, type Column, type Html } from '../html.ts';
import type { Page } from '../layout.ts';
import { rangeOf, type DayRange } from '../range.ts';
import { rangePicker, type Fields } from './filter-form.ts';

const USUAL_DAYS = 7;
const ON_A_PAGE = 50;
const MOST_SUGGESTIONS = 100;
const OUTCOMES = { ok: 'answered', error: 'failed' } as const;

export const requestsPage = async (admin: Admin, fields: Fields, now: number): Promise<Page> => {
  const range = rangeOf(fields, now, USUAL_DAYS);
  const { from, to } = range;
  const { key, model, client, session, cursor } = fields;
  const [{ requests, next }, names] = await Promise.all([
    admin.requests({ from, to, key, model, client, session, cursor, limit: ON_A_PAGE, ...howItEnded(fields) }),
    admin.usage({ from, to, by: ['key', 'model', 'client'] }),
  ]);
  const known = (name: 'key' | 'model' | 'client'): readonly string[] =>
    [...new Set(names.map((total) => total[name] ?? ''))].filter((each) => each !== '').slice(0, MOST_SUGGESTIONS);
  const more = [
    ...(['key', 'model', 'client'] as const).map((name) => textField(name, { fields, known: known(name) })),
    session === undefined ? nothing : textField('session', { fields, known: [session] }),
    endField(fields),
  ];
  return {
    title: 'Requests',
    styles: ['reports.css'],
    modules: ['time-zone.js'],
    main: html`
      ${rangePicker({ action: '/dashboard/requests', fields, range, usualDays: USUAL_DAYS, more })}
      ${
        requests.length === 0
          ? nothingHere(names.length === 0)
          : table(requests, { caption: 'Requests', columns: COLUMNS, key: ({ id }) => id })
      }
      ${pages({ fields, range, next })}
    `,
  };
};

/** One field for how a request ended: `ok`, `error`, an error's code, or a status. */
const howItEnded = ({ status }: Fields): { outcome?: 'ok' | 'error'; status?: number; errorCode?: string } => {
  if (status === undefined) return {};
  if (status === 'ok' || status === 'error') return { outcome: status };
  return /^\d{3}$/u.test(status) ? { status: Number(status) } : { errorCode: status };
};

const LABELS = { key: 'Key', model: 'Model', client: 'Client', session: 'Session' } as const;

const textField = (
  name: keyof typeof LABELS,
  { fields, known }: { readonly fields: Fields; readonly known: readonly string[] },
): Html => html`
  <div class="field">
    <label for="${name}">${LABELS[name]}</label>
    <input id="${name}" name="${name}" value="${fields[name] ?? ''}" list="${name}-known" autocomplete="off" />
    <datalist id="${name}-known">${known.map((each) => html`<option value="${each}"></option>`)}</datalist>
  </div>
`;

const endField = (fields: Fields): Html => {
  const chosen = fields['status'] ?? '';
  const option = (value: string, label: string): Html =>
    html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${label}</option>`;
  const statuses = ['400', '401', '403', '404', '429', '500', '502', '503', '504', '529'];
  const others = chosen === '' || chosen in OUTCOMES || [...statuses, ...errorCodes].includes(chosen) ? [] : [chosen];
  return html`
    <div class="field">
      <label for="status">Status</label>
      <select id="status" name="status">
        ${option('', 'any')} ${Object.entries(OUTCOMES).map(([value, label]) => option(value, label))}
        ${[...statuses, ...others].map((status) => option(status, status))}
        <optgroup label="Error">${errorCodes.map((code) => option(code, code))}</optgroup>
      </select>
    </div>
  `;
};

const nothingHere = (nothingAtAll: boolean): Html =>
  nothingAtAll
    ? empty(
        'Nothing was asked in these days.',
        html`Choose more days, or send a first request: the <a href="/dashboard/playground">playground</a> does it from
          here, and <code>opencode-claude-proxy connect</code> sets up a client.`,
      )
    : empty('No request fits.', html`<a href="/dashboard/requests">Show all of the last days</a>.`);

const pages = ({ fields, range, next }: { fields: Fields; range: DayRange; next: string | undefined }): Html => {
  const { cursor, days: _days, ...rest } = fields;
  const days = { from: range.first, to: range.last, timeZone: range.timeZone };
  const to = (more: Record<string, string>): string =>
    `/dashboard/requests?${new URLSearchParams({ ...rest, ...days, ...more }).toString()}`;
  if (cursor === undefined && next === undefined) return nothing;
  return html`<nav class="row pages" aria-label="Pages of requests">
    ${cursor === undefined ? nothing : html`<a class="button" href="${to({})}">Newest</a>`}
    ${next === undefined ? nothing : html`<a class="button" href="${to({ cursor: next })}" rel="next">Older</a>`}
  </nav>`;
};

export const requestPath = ({ id }: Pick<RequestSummary, 'id'>): string =>
  `/dashboard/requests/${encodeURIComponent(id)}`;

const COLUMNS: readonly Column<RequestSummary>[] = [
  { title: 'When', cell: (request) => html`<a href="${requestPath(request)}">${time(request.at, 'second')}</a>` },
  { title: 'Status', cell: (request) => statusOf(request) },
  { title: 'Model', cell: ({ model, modelAsked }) => model ?? modelAsked ?? '' },
  { title: 'Key', cell: ({ key }) => key?.name ?? '' },
  { title: 'Client', cell: ({ client }) => client.name ?? '' },
  { title: 'Read', numeric: true, cell: ({ tokens }) => count(readTokens(tokens)) },
  { title: 'Written', numeric: true, cell: ({ tokens }) => count(tokens.output) },
  { title: 'Cost', numeric: true, cell: ({ cost }) => priceOf(cost) },
  { title: 'Took', numeric: true, cell: ({ durationMs }) => milliseconds(durationMs) },
];

export const readTokens = ({ input, cacheRead, cacheWrite5m, cacheWrite1h }: RequestSummary['tokens']): number =>
  input + cacheRead + cacheWrite5m + cacheWrite1h;

export const statusOf = ({ status, error }: RequestSummary): Html =>
  error === undefined
    ? html`<span class="${status < 400 ? 'good' : 'bad'}">${status}</span>`
    : html`<span class="bad">${status} ${error.code}</span>`;
