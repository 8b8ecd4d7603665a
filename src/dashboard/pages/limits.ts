/** What is left: the windows of the plan with their pace, and the limits of keys. */
import { localOwner } from '../../access/keys.ts';
import type { Headroom } from '../../access/limits/key-limits.ts';
import type { Admin, ShownLimits, ShownWindow } from '../../http/admin/admin.ts';
import { count, dollars, duration, empty, html, meter, nothing, percent, time, type Html } from '../html.ts';
import type { Page } from '../layout.ts';

export const limitsPage = async (admin: Admin, now: number): Promise<Page> => {
  const shown = await admin.limits();
  const names = new Map(shown.keys.map(({ id, name }) => [id, name]));
  return {
    title: 'Limits and pace',
    main: html`
      <div data-refresh="15000">
        ${shown.coolDowns.map((coolDown) => coolDownNotice(coolDown))}
        <section id="plan" aria-labelledby="plan-title">
          <h2 id="plan-title">The plan</h2>
          ${
            shown.windows.length === 0
              ? empty(
                  'Nothing is known of the plan’s windows yet.',
                  'Claude tells them with its answers, so they appear after the first request. An API key has none.',
                )
              : html`<ul class="cards">
                  ${shown.windows.map((window) => windowCard(window, { names, now }))}
                </ul>`
          }
        </section>
        <section id="budgets" aria-labelledby="budgets-title">
          <h2 id="budgets-title">Limits of keys</h2>
          ${budgets(shown)}
        </section>
      </div>
    `,
  };
};

const coolDownNotice = ({ scope, until, resetsAt }: ShownLimits['coolDowns'][number]): Html => html`
  <p class="problem">
    The account has reached a limit of Claude${scope === 'all' ? nothing : html` for models of the family ${scope}`}. It
    opens again at ${time(resetsAt)}; this server asks again at ${time(until, 'second')}.
  </p>
`;

interface WindowContext {
  readonly names: ReadonlyMap<string, string>;
  readonly now: number;
}

const windowCard = (window: ShownWindow, { names, now }: WindowContext): Html => {
  const { status, utilization, resetsAt, seenAt, shares } = window;
  const parts = Object.entries(shares).toSorted(([, a], [, b]) => b - a);
  return html`
    <li class="card" data-key="${window.window}">
      <h3>${windowName(window.window)}</h3>
      ${
        utilization === undefined
          ? html`<p>${STATUS[status]}</p>`
          : html`<p>${percent(utilization)} used${status === 'allowed' ? nothing : html`: ${STATUS[status]}`}</p>
              ${meter(utilization, `${windowName(window.window)}: used`)}`
      }
      <p>${paceWords(window)}</p>
      <p class="quiet">
        Begins anew at ${time(resetsAt)}, in ${duration(resetsAt - now)}. Last told ${time(seenAt, 'second')}.
      </p>
      ${
        parts.length === 0
          ? nothing
          : html`<p class="quiet">
              By key: ${parts.map(([id, share]) => `${names.get(id) ?? ownerName(id)} ${percent(share)}`).join(', ')}
            </p>`
      }
    </li>
  `;
};

/** Keys that are not in the list: those of the settings have the beginning of a hash as their name. */
const ownerName = (id: string): string => {
  if (id === localOwner) return 'without a key';
  return /^[0-9a-f]{12}$/u.test(id) ? `PROXY_API_KEY (${id})` : id;
};

const paceWords = ({ pace, utilization }: ShownWindow): unknown => {
  if (utilization !== undefined && utilization >= 1) return 'It is full.';
  if (pace === undefined) return 'The pace is known after some minutes of requests.';
  if (pace.fullAt !== undefined)
    return html`<strong class="warning">At this rate full at ${time(pace.fullAt)}</strong> (${percent(pace.perHour)} an
      hour).`;
  return pace.perHour === 0
    ? 'Nothing was used in the last hour.'
    : `At this rate (${percent(pace.perHour)} an hour) it lasts until it begins anew.`;
};

const STATUS = {
  allowed: 'Requests are let through',
  allowed_warning: 'Claude warns that it is nearly full',
  rejected: 'Claude refuses requests',
} as const;

/** Names as the API has them; one that is not known here is shown as it is. */
export const windowName = (window: string): string => WINDOW_NAMES[window] ?? window.replaceAll('_', ' ');

const WINDOW_NAMES: Readonly<Record<string, string>> = {
  five_hour: '5 hours',
  seven_day: '7 days',
  seven_day_opus: '7 days, Opus',
  seven_day_sonnet: '7 days, Sonnet',
  seven_day_fable: '7 days, Fable',
  seven_day_oauth_apps: '7 days, other apps',
  overage: 'Extra usage',
  extra_usage: 'Extra usage of the month',
};

const budgets = ({ keys }: ShownLimits): Html => {
  const limited = keys.filter(({ limits }) => limits.length > 0);
  if (limited.length === 0)
    return empty(
      'No key has limits.',
      html`<a href="/dashboard/keys">Make a key</a> for each person or program, with what it may use: requests, tokens,
        dollars, or a share of the plan.`,
    );
  return html`
    <ul class="cards">
      ${limited.map(
        ({ id, name, limits }) => html`
          <li class="card" data-key="${id}">
            <h3><a href="/dashboard/keys/${encodeURIComponent(id)}">${name}</a></h3>
            ${limits.map((limit) => limitBar(limit))}
          </li>
        `,
      )}
    </ul>
  `;
};

export const limitBar = (headroom: Headroom): Html => {
  const { limit, allowed, used, resetsAt } = headroom;
  const label = limitName(limit);
  return html`
    <div class="limit">
      <p>${label}: ${amount(limit, used)} of ${amount(limit, allowed)}</p>
      ${meter(used / allowed, label)}
      ${DATED.test(limit) ? html`<p class="quiet">Begins anew at ${time(resetsAt)}.</p>` : nothing}
    </div>
  `;
};

/** The others begin anew within a minute. */
const DATED = /Day$|Month$|^planShare\./u;

export const limitName = (limit: Headroom['limit']): string => {
  const window = /^planShare\.(.+)$/u.exec(limit)?.[1];
  if (window !== undefined) return `Share of the plan, ${windowName(window)}`;
  return LIMIT_NAMES[limit as keyof typeof LIMIT_NAMES];
};

export const LIMIT_NAMES = {
  requestsPerMinute: 'Requests a minute',
  turnsAtOnce: 'Requests at once',
  tokensPerDay: 'Tokens a day',
  tokensPerMonth: 'Tokens a month',
  usdPerDay: 'Dollars a day',
  usdPerMonth: 'Dollars a month',
} as const;

export const amount = (limit: Headroom['limit'], value: number): string => {
  if (limit.startsWith('planShare.')) return percent(value);
  return limit.startsWith('usd') ? dollars(value) : count(value);
};
