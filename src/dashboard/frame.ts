/** What every page has in common: its headers, the login that it needs, its errors, and where forms may come from. */
import type { Handler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Caller } from '../access/callers.ts';
import type { KeyRing } from '../access/keys.ts';
import type { HttpContext, HttpEnv } from '../http/context.ts';
import { noteError } from '../http/errors.ts';
import { readForm } from '../http/request/body.ts';
import { isOwnPage, senderOf } from '../http/request/browser-guard.ts';
import { statusOf, toTurnError, TurnError } from '../turn/errors.ts';
import type { Log } from '../util/log.ts';
import type { Assets } from './assets.ts';
import { html } from './html.ts';
import { layout, type Page } from './layout.ts';
import { loginPage } from './pages/login.ts';

export interface FrameParts {
  readonly assets: Assets;
  readonly keys: Pick<KeyRing, 'open'>;
  readonly log: Log;
  readonly version: string;
}

/** Where a form leads: to another page, or to one that is shown as the answer. */
export type Outcome = { readonly to: string } | Page;

export interface Asked {
  readonly c: HttpContext;
  readonly caller: Caller;
}

export interface Frame {
  /** A page for admins; others get the form to log in. */
  readonly page: (render: (asked: Asked) => Outcome | Promise<Outcome>) => Handler<HttpEnv>;
  /** What a form of a page does, for admins. */
  readonly action: (act: (asked: Asked & { readonly form: URLSearchParams }) => Promise<Outcome>) => Handler<HttpEnv>;
  /** Neither asks who it is. */
  readonly open: (work: (c: HttpContext) => Promise<Outcome | Response>) => Handler<HttpEnv>;
}

export const createFrame = (parts: FrameParts): Frame => {
  const respond = (outcome: Outcome, c: HttpContext): Response | Promise<Response> => {
    if ('to' in outcome) return c.redirect(outcome.to, 303);
    const caller = adminOf(c);
    const { assets, version, keys } = parts;
    const document = layout(outcome, { assets, version, path: c.req.path, caller, open: keys.open });
    return c.html(document, (outcome.status ?? 200) as ContentfulStatusCode);
  };
  const guarded =
    (work: (c: HttpContext) => Promise<Outcome | Response>): Handler<HttpEnv> =>
    async (c) => {
      setHeaders(c);
      try {
        const outcome = await work(c);
        return outcome instanceof Response ? outcome : await respond(outcome, c);
      } catch (thrown) {
        const error = toTurnError(thrown);
        noteError(error, c, parts);
        if (error.retryAfterSeconds !== undefined) c.header('retry-after', String(error.retryAfterSeconds));
        return respond(errorPage(error), c);
      }
    };
  return {
    page: (render) =>
      guarded(async (c) => {
        const caller = adminOf(c);
        return caller === undefined ? loginPage({ next: pathOf(c), status: 401 }) : render({ c, caller });
      }),
    action: (act) =>
      guarded(async (c) => {
        refuseForeignForms(c);
        const caller = adminOf(c);
        if (caller === undefined) return loginPage({ next: '/dashboard', status: 401 });
        return act({ c, caller, form: await readForm(c) });
      }),
    open: guarded,
  };
};

export const adminOf = (c: HttpContext): Caller | undefined => {
  const caller = c.get('caller');
  return caller?.role === 'admin' ? caller : undefined;
};

/**
 * Throws `forbidden` unless the form is on a page of this server. Browsers name the origin of every form that they
 * send; what names none is a program, and has the HTTP API.
 */
export const refuseForeignForms = (c: HttpContext): void => {
  if (isOwnPage(senderOf(c.req.raw.headers))) return;
  throw new TurnError('forbidden', 'This form did not come from a page of this server. Programs use /admin.');
};

/** No inline code or style, nothing from elsewhere, in nobody's frame; pages are not kept by anybody. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  // Not no-referrer: with it browsers send forms with the origin `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const setHeaders = (c: HttpContext): void => {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) c.header(name, value);
};

const pathOf = (c: HttpContext): string => {
  const { pathname, search } = new URL(c.req.url);
  return `${pathname}${search}`;
};

const errorPage = (error: TurnError): Page => ({
  title: error.code === 'route_not_found' ? 'Not found' : 'That did not work',
  status: statusOf(error),
  main: html`<p class="problem">${error.message}</p>
    <p><a href="/dashboard">Back to the first page</a></p>`,
});
