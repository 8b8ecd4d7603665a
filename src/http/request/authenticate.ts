/** The key check. Every route needs a key when one is configured, except the open ones. */
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { findCaller, type Caller, type FoundCaller } from '../../access/callers.ts';
import { presentedKeys } from '../../access/keys.ts';
import { TurnError } from '../../turn/errors.ts';
import { OPENAPI_ROUTES } from '../openapi/routes.ts';
import type { NamedKeys } from '../../access/named-keys.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { OWNER_HEADER } from '../answer/end-mark.ts';
import { isDashboardPath } from '../dashboard/routes.ts';
import { SESSION_COOKIE } from '../dashboard/session-cookie.ts';
import type { HttpSettings, Services } from '../services.ts';
import { isOwnPage, senderOf } from './browser-guard.ts';

export const openPaths: ReadonlySet<string> = new Set([
  '/',
  '/ping',
  '/live',
  '/ready',
  '/health',
  ...OPENAPI_ROUTES.map(({ path }) => path),
]);

/** The dashboard has its own login form. */
const isOpen = (path: string): boolean => openPaths.has(path) || isDashboardPath(path);

type Authenticating = Pick<Services, 'keys' | 'wrongKeys' | 'sessions'> & {
  readonly namedKeys?: Pick<NamedKeys, 'find' | 'byId'>;
  readonly settings: Pick<HttpSettings, 'behindWorker'>;
};

export const authenticate =
  (services: Authenticating): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const presented = presentedKeys(c.req.raw.headers);
    const found = await find(c, presented, services);
    const caller = found.kind === 'known' ? await callerOf(found.caller, c, services) : undefined;
    if (presented.length > 0) slowDownGuessing(c, caller, services);
    c.set('owner', caller?.owner);
    c.set('caller', caller);
    if (caller !== undefined) c.get('record').keyIs({ name: caller.name, ...(caller.key && { id: caller.key.id }) });
    if (caller !== undefined) c.env?.peer?.trust?.();
    if (caller === undefined && !isOpen(c.req.path)) throw noEntry(found, presented.length > 0);
    await next();
  };

/** Throws `too_many_wrong_keys` where too many wrong keys came from the caller's address. */
export const slowDownGuessing = (
  c: HttpContext,
  caller: Caller | undefined,
  { keys, wrongKeys }: Pick<Services, 'keys' | 'wrongKeys'>,
): void => {
  const address = c.env?.peer?.address;
  if (wrongKeys === undefined || address === undefined || keys.open) return;
  const seconds = wrongKeys.secondsToWait(address, caller?.owner);
  if (seconds > 0) throw tooManyWrongKeys(seconds);
};

/** Health is served even while the database is down. */
const find = async (c: HttpContext, presented: readonly string[], services: Authenticating): Promise<FoundCaller> => {
  try {
    const session = presented.length === 0 ? await callerOfSession(c, services) : undefined;
    return session === undefined ? await findCaller(presented, services) : { kind: 'known', caller: session };
  } catch (error) {
    if (isOpen(c.req.path)) return { kind: 'unknown' };
    throw error;
  }
};

/**
 * A dashboard login may use the whole server, as the playground does. Pages of the same host on another port get the
 * cookie too, so requests that change something must come from the server's own page.
 */
const callerOfSession = async (c: HttpContext, { sessions }: Authenticating): Promise<Caller | undefined> => {
  const id = getCookie(c, SESSION_COOKIE);
  if (sessions === undefined || id === undefined) return undefined;
  const sender = senderOf(c.req.raw.headers);
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  const own = sender.origin === undefined ? reads && !isEmbedded(c) : isOwnPage(sender);
  return own ? await sessions.find(id) : undefined;
};

/** Part of another page, as a picture or a script is. A link from there is followed by a person. */
const isEmbedded = (c: HttpContext): boolean => {
  const site = c.req.header('sec-fetch-site');
  return (site === 'same-site' || site === 'cross-site') && c.req.header('sec-fetch-mode') !== 'navigate';
};

/** The Worker has checked the key itself, and says whose it was: of a named key its id. */
const callerOf = async (caller: Caller, c: HttpContext, { settings, namedKeys }: Authenticating): Promise<Caller> => {
  const owner = settings.behindWorker === true ? c.req.header(OWNER_HEADER) : undefined;
  if (owner === undefined) return caller;
  if (!owner.startsWith('key_')) return { ...caller, owner, name: owner };
  const found = await namedKeys?.byId(owner).catch(notChecked);
  // A key that only the Worker knows has the rights of any key, never those of the Worker's own.
  if (found === undefined || found.kind === 'unknown') return { owner, name: owner, role: 'user' };
  const { key } = found;
  return { owner, name: key.name, role: key.role, key };
};

const notChecked = (cause: unknown): never => {
  throw new TurnError('store_unavailable', 'The database that knows the keys does not answer.', {
    retryAfterSeconds: 5,
    cause,
  });
};

const tooManyWrongKeys = (retryAfterSeconds: number): TurnError =>
  new TurnError('too_many_wrong_keys', 'Too many wrong keys came from this address.', { retryAfterSeconds });

/** Why a key, or a missing one, is refused. */
export const noEntry = (found: FoundCaller, presented: boolean): TurnError =>
  new TurnError(
    'authentication',
    found.kind === 'expired' || found.kind === 'revoked'
      ? `This key ${found.kind === 'expired' ? 'has expired' : 'has been revoked'}. Ask whoever runs this server ` +
          `for another one.`
      : presented
        ? 'The key is not one of this server. It is checked against PROXY_API_KEY and the named keys.'
        : 'This server needs its key: send Authorization: Bearer <key>, x-api-key: <key> or api-key: <key>.',
  );
