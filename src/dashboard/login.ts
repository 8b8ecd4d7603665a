/** Logging in with an admin's key, and out. */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { findCaller, type CallerParts, type FoundCaller } from '../access/callers.ts';
import type { Sessions } from '../access/sessions.ts';
import type { HttpContext } from '../http/context.ts';
import { SESSION_COOKIE } from '../http/dashboard/session-cookie.ts';
import { noEntry, slowDownGuessing } from '../http/request/authenticate.ts';
import { readForm } from '../http/request/body.ts';
import type { Services } from '../http/services.ts';
import { statusOf, TurnError } from '../turn/errors.ts';
import { adminOf, refuseForeignForms, type Outcome } from './frame.ts';
import { loginPage } from './pages/login.ts';

export interface LoginParts extends CallerParts, Pick<Services, 'keys' | 'wrongKeys' | 'log'> {
  readonly sessions: Sessions;
}

/** Who is logged in already, or needs no login, goes on. */
export const loginForm = (c: HttpContext): Outcome =>
  adminOf(c) === undefined ? loginPage({ next: '/dashboard', status: 200 }) : { to: '/dashboard' };

export const login = async (c: HttpContext, parts: LoginParts): Promise<Outcome> => {
  refuseForeignForms(c);
  const form = await readForm(c);
  const next = ownPath(form.get('next'));
  const presented = [(form.get('key') ?? '').trim()].filter((key) => key !== '');
  const found = await findCaller(presented, parts);
  const caller = found.kind === 'known' ? found.caller : undefined;
  try {
    slowDownGuessing(c, caller, parts);
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    const seconds = error.retryAfterSeconds ?? 0;
    c.header('retry-after', String(seconds));
    return loginPage({ next, status: statusOf(error), problem: `${error.message} Try again in ${seconds} s.` });
  }
  if (caller?.role !== 'admin') return loginPage({ next, status: 401, problem: whyNot(found, presented.length > 0) });
  const { id, lifetimeSeconds } = await parts.sessions.start(caller);
  setCookie(c, SESSION_COOKIE, id, { ...attributesOf(c), maxAge: lifetimeSeconds });
  parts.log.info({ by: caller.name }, 'an admin has logged in at the dashboard');
  return { to: next };
};

export const logout = async (c: HttpContext, { sessions }: LoginParts): Promise<Outcome> => {
  refuseForeignForms(c);
  const id = getCookie(c, SESSION_COOKIE);
  if (id !== undefined) await sessions.end(id);
  deleteCookie(c, SESSION_COOKIE, attributesOf(c));
  return { to: '/dashboard/login' };
};

/** By the origin of the page, which also tells of TLS that ends at a proxy in front. */
const attributesOf = (c: Context) =>
  ({
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: c.req.header('origin')?.startsWith('https://') === true,
  }) as const;

const whyNot = (found: FoundCaller, presented: boolean): string => {
  if (found.kind === 'known') return 'This key may not see the dashboard: its role is user, and it needs to be admin.';
  return presented ? noEntry(found, true).message : 'Type the key first.';
};

/** A page of the dashboard and nothing else: a link to the form must not lead elsewhere afterwards. */
const ownPath = (next: string | null): string =>
  next !== null && /^\/dashboard(?:\/[\w-]+)*(?:\?[\w&=.%~+-]*)?$/u.test(next) ? next : '/dashboard';
