/** The key check. Every route needs a key when one is configured, except the open ones. */
import type { MiddlewareHandler } from 'hono';
import { presentedKeys } from '../access/keys.ts';
import { TurnError } from '../turn/errors.ts';
import type { HttpEnv } from './context.ts';
import type { Services } from './services.ts';

export const openPaths: ReadonlySet<string> = new Set(['/', '/ping', '/live', '/ready', '/health']);

export const authenticate =
  ({ keys }: Pick<Services, 'keys'>): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const presented = presentedKeys(c.req.raw.headers);
    const owner = await keys.ownerOf(presented);
    c.set('owner', owner);
    c.get('record').keyIs(owner);
    if (owner !== undefined) c.env?.peer?.trust();
    if (owner === undefined && !openPaths.has(c.req.path)) throw noEntry(presented.length > 0);
    await next();
  };

const noEntry = (presented: boolean): TurnError =>
  new TurnError(
    'authentication',
    presented
      ? 'The key is not one of this server. It is checked against PROXY_API_KEY.'
      : 'This server needs its key: send Authorization: Bearer <key> or x-api-key: <key>.',
  );
