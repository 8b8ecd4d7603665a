/** The HTTP API of `/admin`: parses queries and bodies, calls `Admin`, and responds with its result. */
import type { Handler } from 'hono';
import { readJson, type BodyServices } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import type { Admin } from './admin.ts';
import { filterQuery, keysQuery, queryOf, requestsQuery, sessionsQuery, usageQuery } from './query.ts';
import type { AdminAction } from './routes.ts';

export const adminHandlers = (
  admin: Admin,
  { settings, bodies }: BodyServices,
): Readonly<Record<AdminAction, Handler<HttpEnv>>> => {
  /** The body without its bytes being kept: LOG_CONTENT is about turns. */
  const bodyOf = (c: HttpContext): Promise<unknown> => readJson(c, { settings, ...(bodies && { bodies }) });
  return {
    'admin-keys': async (c) => c.json({ keys: await admin.keys({ revoked: queryOf(c, keysQuery).revoked === '1' }) }),
    'admin-key': async (c) => c.json({ key: await admin.key(idOf(c)) }),
    'admin-create-key': async (c) => c.json(await admin.createKey(await bodyOf(c), nameOf(c)), 201),
    'admin-change-key': async (c) => c.json({ key: await admin.changeKey(idOf(c), await bodyOf(c), nameOf(c)) }),
    'admin-revoke-key': async (c) => {
      await admin.revokeKey(idOf(c), nameOf(c));
      return c.json({ id: idOf(c), revoked: true });
    },
    'admin-usage': async (c) => c.json({ totals: await admin.usage(queryOf(c, usageQuery)) }),
    'admin-sessions': async (c) => c.json({ sessions: await admin.sessions(queryOf(c, sessionsQuery)) }),
    'admin-blocks': async (c) => c.json({ blocks: await admin.blocks(queryOf(c, filterQuery)) }),
    'admin-requests': async (c) => c.json(await admin.requests(queryOf(c, requestsQuery))),
    'admin-request': async (c) => c.json(await admin.request(idOf(c))),
    'admin-limits': async (c) => c.json(await admin.limits()),
    'admin-models': async (c) => c.json(await admin.models()),
    'admin-turns': async (c) => c.json(await admin.turns()),
    'admin-processes': async (c) => c.json({ processes: await admin.processes() }),
    'admin-cancel-turn': async (c) => {
      await admin.cancelTurn(idOf(c), nameOf(c));
      return c.json({ id: idOf(c), cancelled: true });
    },
    'admin-health': async (c) => c.json(await admin.health()),
  };
};

const idOf = (c: HttpContext): string => c.req.param('id') ?? '';

const nameOf = (c: HttpContext): string | undefined => c.get('caller')?.name;
