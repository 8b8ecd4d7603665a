/** Keys: listed with what they have used, made (their secret is shown this once), changed, revoked. */
import type { Handler } from 'hono';
import type { NamedKey } from '../../access/named-keys.ts';
import { TurnError } from '../../turn/errors.ts';
import { printable, readJson } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { keysQuery, queryOf } from './query.ts';
import { part, stored, type AdminServices } from './services.ts';

export const listKeys =
  (services: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { revoked } = queryOf(c, keysQuery);
    const keys = await stored(part(services.namedKeys).list({ revoked: revoked === '1' }));
    return c.json({ keys: await Promise.all(keys.map((key) => shown(key, services))) });
  };

export const createKey =
  (services: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { secret, key } = await stored(part(services.namedKeys).create(await bodyOf(c, services)));
    services.log.info({ key: key.name, role: key.role, by: c.get('caller')?.name }, 'a key was made');
    return c.json({ secret, key: await shown(key, services) }, 201);
  };

export const changeKey =
  (services: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const id = c.req.param('id') ?? '';
    const key = await stored(part(services.namedKeys).update(id, await bodyOf(c, services)));
    if (key === undefined) throw noSuchKey(id);
    services.log.info({ key: key.name, by: c.get('caller')?.name }, 'a key was changed');
    return c.json({ key: await shown(key, services) });
  };

export const revokeKey =
  (services: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const id = c.req.param('id') ?? '';
    if (!(await stored(part(services.namedKeys).revoke(id)))) throw noSuchKey(id);
    services.log.info({ id, by: c.get('caller')?.name }, 'a key was revoked');
    return c.json({ id, revoked: true });
  };

/** The body without its bytes being kept: LOG_CONTENT is about turns. */
const bodyOf = (c: HttpContext, { settings, bodies }: AdminServices): Promise<unknown> =>
  readJson(c, { settings, bodies });

const shown = async (key: NamedKey, { limits }: AdminServices) => ({
  ...key,
  used: (await limits?.limiter.headroom(key)) ?? [],
});

const noSuchKey = (id: string): TurnError =>
  new TurnError('invalid_request', `There is no key with the id ${printable(id)}.`, { param: 'id' });
