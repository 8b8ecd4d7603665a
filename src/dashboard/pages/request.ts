/** One request: who, what, how it was served, what it cost; and its bodies where LOG_CONTENT kept them. */
import type { Admin } from '../../http/admin/admin.ts';
import type { Cost, RequestSummary, Strategy } from '../../turn/request-summary.ts';
import { milliseconds, priceOf } from '../figures.ts';
import { count, facts, html, nothing, time, type Fact, type Html } from '../html.ts';
import type { Page } from '../layout.ts';
import { readTokens, requestPath, statusOf } from './requests.ts';

export const requestPage = async (admin: Admin, id: string): Promise<Page> => {
  const { request, content } = await admin.request(id);
  return {
    title: 'Request',
    styles: ['reports.css'],
    main: html`
      <p><a href="/dashboard/requests">All requests</a></p>
      ${
        request.error === undefined
          ? nothing
          : html`<p class="problem">
              <strong>${request.error.code}</strong>: ${request.error.message}
              ${request.error.param === undefined ? nothing : html`(at <code>${request.error.param}</code>)`}
            </p>`
      }
      ${group('What came', asked(request))} ${group('How it was served', served(request))}
      ${group('What it used', used(request))}
      ${
        content === undefined
          ? html`<p class="help">Its text was not kept. LOG_CONTENT=1 keeps the texts of later requests.</p>`
          : html`<p><a class="button" href="${requestPath(request)}/content">Show its text</a></p>`
      }
    `,
  };
};

/** Rows without a value are left out. */
const group = (title: string, rows: readonly Fact[]): Html => html`
  <h2>${title}</h2>
  ${facts(
    rows.filter(([, value]) => value !== undefined),
    'details',
  )}
`;

const asked = (request: RequestSummary): readonly Fact[] => [
  ['When', time(request.at, 'second')],
  ['Id', html`<code>${request.id}</code>`],
  ['Endpoint', html`<code>${request.endpoint}</code>`],
  ['API', request.dialect],
  ['Key', request.key?.name ?? 'nobody was let in'],
  ['Client', request.client.name],
  ['User agent', request.client.userAgent],
  ['Session', sessionOf(request)],
  ['Model asked for', request.modelAsked],
];

const sessionOf = ({ client: { session } }: RequestSummary): unknown =>
  session === undefined
    ? undefined
    : html`<a href="/dashboard/requests?${new URLSearchParams({ session }).toString()}">${session}</a>`;

const served = (request: RequestSummary): readonly Fact[] => [
  ['Status', statusOf(request)],
  ['Model that answered', request.model],
  ['Way into the model', request.strategy === undefined ? undefined : STRATEGIES[request.strategy]],
  ['Answer', request.streamed ? 'as a stream' : 'in one piece'],
  ['Waited in the queue', milliseconds(request.queueMs)],
  ['Until the first token', request.firstTokenMs === undefined ? undefined : milliseconds(request.firstTokenMs)],
  ['Until the end', milliseconds(request.durationMs)],
  ['Asked again', request.retries === 0 ? undefined : `${count(request.retries)} times`],
  ['Why it stopped', request.stopReason],
  ['Ignored', request.ignored?.join(', ') ?? 'nothing'],
  ['Imitated', request.emulated?.join(', ') ?? 'nothing'],
];

const STRATEGIES: Readonly<Record<Strategy, string>> = {
  continue: 'continued: the conversation was open in a process',
  answer: 'answered the calls of tools that were waiting in a process',
  rewind: 'rewound: a process went back to what it has in common with the request',
  fresh: 'fresh: an emptied process took the conversation in',
  resume: 'resumed: a stored conversation was opened again',
  start: 'started: a process was started for it',
  direct: 'direct: sent to the API',
};

const used = ({ tokens, cost, webSearches }: RequestSummary): readonly Fact[] => [
  ['Tokens read', count(readTokens(tokens))],
  ['of these from the cache', count(tokens.cacheRead)],
  ['written to the cache for 5 minutes', count(tokens.cacheWrite5m)],
  ['written to the cache for 1 hour', count(tokens.cacheWrite1h)],
  ['Tokens written', count(tokens.output)],
  ['of these thinking', count(tokens.thinking)],
  ['Web searches', webSearches === 0 ? undefined : count(webSearches)],
  ['Cost', priceOf(cost)],
  ['Which price', BASES[cost.basis]],
];

const BASES: Readonly<Record<Cost['basis'], string>> = {
  list: 'the public list price; where a plan pays, the equivalent at list price',
  managed: 'the rates of your organisation',
  none: 'nothing reached the model',
  unknown: 'nobody knows the price of this model',
};

export const contentPage = async (admin: Admin, id: string): Promise<Page> => {
  const { request, content } = await admin.request(id);
  return {
    title: 'Text of a request',
    styles: ['reports.css'],
    main: html`
      <p><a href="${requestPath(request)}">Back to the request</a></p>
      ${
        content === undefined
          ? html`<p class="notice">
              Its text was not kept, or is kept no longer. LOG_CONTENT and LOG_CONTENT_DAYS say so.
            </p>`
          : html`${body('What was sent', content.request)} ${body('What was answered', content.response)}`
      }
    `,
  };
};

const body = (title: string, text: string | undefined): Html => html`
  <h2>${title}</h2>
  ${
    text === undefined
      ? html`<p class="quiet">Nothing was kept.</p>`
      : html`<pre class="text body-text" tabindex="0" role="group" aria-label="${title}">${text}</pre>`
  }
`;
