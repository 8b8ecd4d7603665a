/** Pieces of pages. Everything interpolated into `html` is escaped; attributes are always in double quotes. */
import { html } from 'hono/html';

export { html };
export type Html = ReturnType<typeof html>;

export const nothing = html``;

/** A moment: in UTC for those who read without the module, which writes it in the reader's own time. */
export const time = (at: number, precision: 'minute' | 'second' = 'minute'): Html => {
  const iso = new Date(at).toISOString();
  const shown = iso.slice(0, precision === 'minute' ? 16 : 19).replace('T', ' ');
  return html`<time datetime="${iso}" data-precision="${precision}">${shown} UTC</time>`;
};

export const count = (value: number): string => value.toLocaleString('en-US');

/** 0.304 is `30.4 %`. */
export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

export const dollars = (usd: number): string => `$${usd < 0.01 && usd > 0 ? usd.toPrecision(1) : usd.toFixed(2)}`;

export const bytes = (amount: number): string => `${Math.round(amount / 1024 / 1024)} MB`;

/** `2 h 5 min`, with its two largest units. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
};

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => unknown;
  /** Numbers stand on the right. */
  readonly numeric?: boolean;
}

export interface TableOptions<Row> {
  /** What the table shows; read out by screen readers, not shown. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Keeps a row the same row while the page refreshes itself. */
  readonly key?: (row: Row) => string;
}

/** The first column names its row. On narrow screens the table scrolls in its own box, also by keyboard. */
export const table = <Row>(rows: readonly Row[], { caption, columns, key }: TableOptions<Row>): Html => html`
  <div class="scroll" tabindex="0" role="group" aria-label="${caption}">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ title, numeric }) => html`<th scope="col" class="${align(numeric)}">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, index) =>
            html`<tr data-key="${key?.(row) ?? String(index)}">
              ${columns.map(({ cell, numeric }, at) =>
                at === 0
                  ? html`<th scope="row">${cell(row)}</th>`
                  : html`<td class="${align(numeric)}">${cell(row)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>
`;

const align = (numeric = false): string => (numeric ? 'numeric' : '');

/** How full something is, 0 to 1, as a bar and in words. */
export const meter = (share: number, label: string): Html => html`
  <meter min="0" max="1" low="0.8" high="0.95" optimum="0" value="${String(Math.min(1, share))}" aria-label="${label}">
    ${percent(share)}
  </meter>
`;

/** What stands where there is nothing to show yet, and what to do first. */
export const empty = (title: string, advice: unknown): Html => html`
  <div class="empty">
    <p><strong>${title}</strong></p>
    <p>${advice}</p>
  </div>
`;

export type Fact = readonly [name: string, value: unknown];

/** Names and values: a few large ones in a row, or `details` one below the other. */
export const facts = (rows: readonly Fact[], look: 'facts' | 'details' = 'facts'): Html => html`
  <dl class="${look}">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>
`;
