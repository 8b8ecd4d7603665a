/** The fields above usage and requests: the days, and what else narrows them down. */
import type { HttpContext } from '../../http/context.ts';
import { html, nothing, type Html } from '../html.ts';
import type { DayRange } from '../range.ts';

/** What the query of a page says; a field that was left empty is none. */
export type Fields = Readonly<Record<string, string>>;

export const fieldsOf = (c: HttpContext): Record<string, string> =>
  Object.fromEntries(
    Object.entries(c.req.query())
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ''),
  );

interface Picker {
  readonly action: string;
  readonly fields: Fields;
  readonly range: DayRange;
  readonly usualDays: number;
  readonly more: unknown;
}

const SPANS = [
  ['1', 'Today'],
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', '1 year'],
] as const;

export const rangePicker = ({ action, fields, range, usualDays, more }: Picker): Html => html`
  <nav class="spans" aria-label="Days">
    <ul>
      ${SPANS.map(([days, label]) => {
        const { from: _from, to: _to, cursor: _cursor, ...rest } = fields;
        const query = new URLSearchParams({ ...rest, days }).toString();
        const here = (fields['days'] ?? String(usualDays)) === days && !('from' in fields || 'to' in fields);
        return here
          ? html`<li><a href="${action}?${query}" aria-current="true">${label}</a></li>`
          : html`<li><a href="${action}?${query}">${label}</a></li>`;
      })}
    </ul>
  </nav>
  <form method="get" action="${action}" class="filters" aria-label="What is shown">
    <div class="field">
      <label for="from">From</label>
      <input id="from" name="from" type="date" value="${range.first}" />
    </div>
    <div class="field">
      <label for="to">To</label>
      <input id="to" name="to" type="date" value="${range.last}" />
    </div>
    ${more}
    <input type="hidden" name="timeZone" value="${range.timeZone}" />
    <button type="submit">Show</button>
  </form>
`;

const NAMES = { key: 'Key', model: 'Model', client: 'Client' } as const;

/** What the page is narrowed down to, each with a link that takes it away. */
export const narrowing = (action: string, fields: Fields): Html => {
  const set = (['key', 'model', 'client'] as const).filter((name) => fields[name] !== undefined);
  if (set.length === 0) return nothing;
  return html`<p class="row">
    ${set.map((name) => {
      const { [name]: _gone, ...rest } = fields;
      const query = new URLSearchParams(rest).toString();
      return html`<span class="chip">
        ${NAMES[name]}: ${fields[name]}
        <a href="${action}?${query}" aria-label="Any ${name}">show all</a>
      </span>`;
    })}
  </p>`;
};
