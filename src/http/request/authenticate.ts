/** The key check. Every route needs a key when one is configured, except the open ones. */
import type { MiddlewareHandler } from 'hono';
import { findCaller, type Caller, type FoundCaller } from '../../access/callers.ts';
import { presentedKeys } from '../../access/keys.ts';
import { TurnError } from '../../turn/errors.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { OWNER_HEADER } from '../answer/end-mark.ts';
import type { HttpSettings, Services } from '../services.ts';

export const openPaths: ReadonlySet<string> = new Set(['/', '/ping', '/live', '/ready', '/health']);

type Authenticating = Pick<Services, 'keys' | 'namedKeys' | 'wrongKeys'> & {
  readonly settings: Pick<HttpSettings, 'behindWorker'>;
};

export const authenticate =
  (services: Authenticating): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const { keys, wrongKeys } = services;
    const presented = presentedKeys(c.req.raw.headers);
    const found = await find(c, presented, services);
    const caller = found.kind === 'known' ? callerOf(found.caller, c, services) : undefined;
    const address = c.env?.peer?.address;
    if (wrongKeys !== undefined && address !== undefined && presented.length > 0 && !keys.open) {
      const seconds = wrongKeys.secondsToWait(address, caller?.owner);
      if (seconds > 0) throw tooManyWrongKeys(seconds);
    }
    c.set('owner', caller?.owner);
    c.set('caller', caller);
    if (caller !== undefined) c.get('record').keyIs({ name: caller.name, ...(caller.key && { id: caller.key.id }) });
    if (caller !== undefined) c.env?.peer?.trust?.();
    if (caller === undefined && !openPaths.has(c.req.path)) throw noEntry(found, presented.length > 0);
    await next();
  };

/** Whoever asks how the server is gets an answer also while its database is gone. */
const find = async (c: HttpContext, presented: readonly string[], services: Authenticating): Promise<FoundCaller> => {
  try {
    return await findCaller(presented, services);
  } catch (error) {
    if (openPaths.has(c.req.path)) return { kind: 'unknown' };
    throw error;
  }
};

/** The Worker has checked the key itself, and says whose it was. */
const callerOf = (caller: Caller, c: HttpContext, { settings }: Authenticating): Caller => {
  const owner = settings.behindWorker === true ? c.req.header(OWNER_HEADER) : undefined;
  return owner === undefined ? caller : { ...caller, owner, name: owner };
};

const tooManyWrongKeys = (retryAfterSeconds: number): TurnError =>
  new TurnError('too_many_wrong_keys', 'Too many wrong keys came from this address.', { retryAfterSeconds });

const noEntry = (found: FoundCaller, presented: boolean): TurnError =>
  new TurnError(
    'authentication',
    found.kind === 'expired' || found.kind === 'revoked'
      ? `This key ${found.kind === 'expired' ? 'has expired' : 'has been revoked'}. Ask whoever runs this server ` +
          `for another one.`
      : presented
        ? 'The key is not one of this server. It is checked against PROXY_API_KEY and the named keys.'
        : 'This server needs its key: send Authorization: Bearer <key>, x-api-key: <key> or api-key: <key>.',
  );
