/** The key check. Every route needs a key when one is configured, except the open ones. */
import type { MiddlewareHandler } from 'hono';
import { presentedKeys } from '../access/keys.ts';
import { TurnError } from '../turn/errors.ts';
import type { HttpEnv } from './context.ts';
import { OWNER_HEADER } from './end-mark.ts';
import type { HttpSettings, Services } from './services.ts';

export const openPaths: ReadonlySet<string> = new Set(['/', '/ping', '/live', '/ready', '/health']);

type Authenticating = Pick<Services, 'keys' | 'wrongKeys'> & {
  readonly settings: Pick<HttpSettings, 'behindWorker'>;
};

export const authenticate =
  ({ keys, wrongKeys, settings }: Authenticating): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const presented = presentedKeys(c.req.raw.headers);
    const known = await keys.ownerOf(presented);
    const owner = known !== undefined && settings.behindWorker === true ? (c.req.header(OWNER_HEADER) ?? known) : known;
    const address = c.env?.peer?.address;
    if (wrongKeys !== undefined && address !== undefined && presented.length > 0 && !keys.open) {
      const seconds = wrongKeys.secondsToWait(address, owner);
      if (seconds > 0) throw tooManyWrongKeys(seconds);
    }
    c.set('owner', owner);
    c.get('record').keyIs(owner);
    if (owner !== undefined) c.env?.peer?.trust?.();
    if (owner === undefined && !openPaths.has(c.req.path)) throw noEntry(presented.length > 0);
    await next();
  };

const tooManyWrongKeys = (retryAfterSeconds: number): TurnError =>
  new TurnError('too_many_wrong_keys', 'Too many wrong keys came from this address.', { retryAfterSeconds });

const noEntry = (presented: boolean): TurnError =>
  new TurnError(
    'authentication',
    presented
      ? 'The key is not one of this server. It is checked against PROXY_API_KEY.'
      : 'This server needs its key: send Authorization: Bearer <key>, x-api-key: <key> or api-key: <key>.',
  );
