/** Usage: tokens and cost by day and by model, key or client, as charts with their tables. */
import type { Admin } from '../../http/admin/admin.ts';
import type { Figures } from '../../store/ledger/figures.ts';
import type { Total } from '../../store/ledger/reports.ts';
import { count, empty, facts, html, nothing, percent, table, type Column, type Html } from '../html.ts';
import type { Page } from '../layout.ts';
import { costOf, milliseconds, number } from '../figures.ts';
import { periodFor, periodsOf, rangeOf, type DayRange } from '../range.ts';
import { cacheShareOf, NO_NAME, OTHERS, sum, tokensOf, usageTable, type UsageTable } from '../usage-table.ts';
import { narrowing, rangePicker, type Fields } from './filter-form.ts';

const SPLITS = ['model', 'key', 'client'] as const;
type Split = (typeof SPLITS)[number];

const COLUMNS_OF_A_CHART = 6;
const USUAL_DAYS = 30;

export const usagePage = async (admin: Admin, fields: Fields, now: number): Promise<Page> => {
  const range = rangeOf(fields, now, USUAL_DAYS);
  const by: Split = SPLITS.find((split) => split === fields.by) ?? 'model';
  const { key, model, client } = fields;
  const period = periodFor(range);
  const filter = { from: range.from, to: range.to, key, model, client };
  const [totals, planPays] = await Promise.all([
    admin.usage({ ...filter, by: [by], period, timeZone: range.timeZone }),
    planIsKnown(admin),
  ]);
  const shown: Shown = { totals, by, range, fields, planPays, periods: periodsOf(range, period) };
  return {
    title: 'Usage',
    styles: ['uplot.css', 'reports.css'],
    modules: ['time-zone.js', 'charts.js'],
    main: html`
      ${rangePicker({ action: '/dashboard/usage', fields, range, usualDays: USUAL_DAYS, more: ownFields(by, fields) })}
      ${narrowing('/dashboard/usage', fields)}
      ${totals.length === 0 ? nothingYet(fields) : html`${summary(shown)} ${charts(shown)} ${breakdown(shown)}`}
    `,
  };
};

interface Shown {
  readonly totals: readonly Total[];
  readonly by: Split;
  readonly range: DayRange;
  readonly fields: Fields;
  readonly planPays: boolean;
  readonly periods: readonly string[];
}

/** Only an account with a plan tells of windows. */
const planIsKnown = async (admin: Admin): Promise<boolean> => (await admin.limits()).windows.length > 0;

const ownFields = (by: Split, fields: Fields): Html => html`
  ${['key', 'model', 'client']
    .filter((name) => fields[name] !== undefined)
    .map((name) => html`<input type="hidden" name="${name}" value="${fields[name]}" />`)}
  <div class="field">
    <label for="by">Split by</label>
    <select id="by" name="by">
      ${SPLITS.map((split) => html`<option value="${split}" ${split === by ? 'selected' : ''}>${split}</option>`)}
    </select>
  </div>
`;

const nothingYet = (fields: Fields): Html =>
  empty(
    'Nothing was asked in these days.',
    (fields.key ?? fields.model ?? fields.client)
      ? html`Choose more days, or <a href="/dashboard/usage">show everything</a>.`
      : html`Send a first request: the <a href="/dashboard/playground">playground</a> does it from here, and
          <code>opencode-claude-proxy connect</code> sets up a client.`,
  );

const costTitle = (planPays: boolean): string => (planPays ? 'Equivalent at list price' : 'Cost at list price');

const summary = ({ totals, planPays }: Shown): Html => {
  const all = sum(totals);
  const share = cacheShareOf(all);
  return html`<section aria-label="Sums">
    ${facts([
      ['Requests', count(all.requests)],
      ['Failed', count(all.errors)],
      ['Tokens', count(tokensOf(all))],
      [costTitle(planPays), costOf(all)],
      ['Read from the cache', share === undefined ? 'nothing read' : percent(share)],
    ])}
    <p class="help">
      ${
        planPays
          ? 'A plan pays for these requests. The dollars are what the same would have cost at the API’s list prices.'
          : 'At the API’s list prices. Where a plan pays, it is what the same would have cost at the API.'
      }
      ${
        all.unpriced === 0
          ? nothing
          : `The price of ${count(all.unpriced)} requests is unknown; they are in no sum of dollars.`
      }
    </p>
  </section>`;
};

const charts = (shown: Shown): Html => {
  const shape = { by: shown.by, periods: shown.periods, mostColumns: COLUMNS_OF_A_CHART };
  // The same order in both: a name keeps its colour.
  const split = usageTable(shown.totals, { ...shape, measure: tokensOf });
  return html`
    ${chart({
      id: 'tokens',
      title: `Tokens by ${shown.by}`,
      from: split,
      cell: (figures) => number(tokensOf(figures), count(tokensOf(figures))),
    })}
    ${chart({
      id: 'cost',
      title: `${costTitle(shown.planPays)} by ${shown.by}`,
      from: split,
      cell: (figures) => number(figures.costUsd, costOf(figures)),
    })}
  `;
};

interface Chart {
  readonly id: string;
  readonly title: string;
  readonly from: UsageTable;
  readonly cell: (figures: Figures) => Html;
}

/** The module draws what is in the table, which stays for those who cannot see the drawing. */
const chart = ({ id, title, from, cell }: Chart): Html => {
  const columns: readonly Column<UsageTable['rows'][number]>[] = [
    { title: 'When', cell: ({ period }) => period },
    ...from.columns.map((name, index) => ({
      title: name,
      numeric: true,
      cell: ({ cells }: UsageTable['rows'][number]) => cell(cells[index] ?? sum([])),
    })),
    { title: 'All', numeric: true, cell: ({ total }) => cell(total) },
  ];
  return html`<div>
    <h2 id="${id}-title">${title}</h2>
    ${
      from.columns.length === 0
        ? html`<p class="quiet">Nothing to draw.</p>`
        : html`<div data-chart="${id}" data-unit="${id === 'cost' ? '$' : ''}">
            <div class="drawing" role="img" aria-label="${title}; the numbers are in the table below"></div>
            <p class="readout" aria-hidden="true"></p>
            <ul class="legend" aria-label="Colours">
              ${from.columns.map((name, index) => html`<li><span class="swatch swatch-${index}"></span>${name}</li>`)}
            </ul>
            <details>
              <summary>The numbers</summary>
              ${table(from.rows, { caption: title, columns, key: ({ period }) => period })}
            </details>
            <p class="help undrawn">The chart is drawn by a script; “The numbers” has the same.</p>
          </div>`
    }
  </div>`;
};

/** One row a name, over the whole range. */
const breakdown = (shown: Shown): Html => {
  const { totals, by } = shown;
  const rows = [...Map.groupBy(totals, (total) => total[by] ?? NO_NAME)]
    .map(([name, inside]) => ({ name, all: sum(inside) }))
    .sort((a, b) => tokensOf(b.all) - tokensOf(a.all) || b.all.requests - a.all.requests);
  return html`<div>
    <h2>By ${by}</h2>
    ${table(rows, { caption: `Usage by ${by}`, columns: breakdownColumns(shown), key: ({ name }) => name })}
  </div>`;
};

interface Row {
  readonly name: string;
  readonly all: Figures;
}

const breakdownColumns = ({ by, planPays, range, fields }: Shown): readonly Column<Row>[] => [
  { title: by === 'key' ? 'Key' : by === 'model' ? 'Model' : 'Client', cell: ({ name }) => only(name, by, fields) },
  { title: 'Requests', numeric: true, cell: ({ name, all }) => requestsOf(name, { by, range, all }) },
  { title: 'Failed', numeric: true, cell: ({ all }) => count(all.errors) },
  { title: 'Input', numeric: true, cell: ({ all }) => count(all.inputTokens) },
  { title: 'Cache read', numeric: true, cell: ({ all }) => count(all.cacheReadTokens) },
  {
    title: 'Cache written',
    numeric: true,
    cell: ({ all }) => count(all.cacheWrite5mTokens + all.cacheWrite1hTokens),
  },
  { title: 'Output', numeric: true, cell: ({ all }) => count(all.outputTokens) },
  {
    title: 'From the cache',
    numeric: true,
    cell: ({ all }) => {
      const share = cacheShareOf(all);
      return share === undefined ? '' : percent(share);
    },
  },
  { title: costTitle(planPays), numeric: true, cell: ({ all }) => costOf(all) },
  {
    title: 'First token',
    numeric: true,
    cell: ({ all }) => (all.answered === 0 ? '' : milliseconds(all.firstTokenMs / all.answered)),
  },
];

/** A name leads to its own usage, split by another property. */
const only = (name: string, by: Split, fields: Fields): unknown => {
  if (name === NO_NAME || name === OTHERS) return name;
  const next = by === 'model' ? 'key' : 'model';
  return html`<a href="/dashboard/usage?${new URLSearchParams({ ...fields, [by]: name, by: next }).toString()}"
    >${name}</a
  >`;
};

const requestsOf = (name: string, { by, range, all }: { by: Split; range: DayRange; all: Figures }): unknown => {
  if (name === NO_NAME) return count(all.requests);
  const { first: from, last: to, timeZone } = range;
  const query = new URLSearchParams({ [by]: name, from, to, timeZone }).toString();
  return html`<a href="/dashboard/requests?${query}">${count(all.requests)}</a>`;
};
