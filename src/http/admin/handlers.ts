/** The handlers of `/admin`: everything that the commands and the page show and do. */
import type { Handler } from 'hono';
import { openWindows, paceOf } from '../../access/limits/plan-state.ts';
import { TurnError } from '../../turn/errors.ts';
import { definedOnly } from '../../util/defined-only.ts';
import { printable } from '../request/body.ts';
import type { HttpEnv } from '../context.ts';
import { detailedHealth } from '../handlers/health.ts';
import { changeKey, createKey, listKeys, revokeKey } from './keys.ts';
import { filterQuery, queryOf, requestsQuery, sessionsQuery, usageQuery } from './query.ts';
import { remediesOf } from './remedies.ts';
import type { AdminAction } from './routes.ts';
import { part, stored, type AdminServices } from './services.ts';

export const adminHandlers = (services: AdminServices): Readonly<Record<AdminAction, Handler<HttpEnv>>> => ({
  'admin-keys': listKeys(services),
  'admin-create-key': createKey(services),
  'admin-change-key': changeKey(services),
  'admin-revoke-key': revokeKey(services),
  'admin-usage': usage(services),
  'admin-sessions': sessions(services),
  'admin-blocks': blocks(services),
  'admin-requests': requests(services),
  'admin-request': request(services),
  'admin-limits': limits(services),
  'admin-models': models(services),
  'admin-turns': (c) => c.json({ ...slotsOf(services), turns: services.turns.list() }),
  'admin-cancel-turn': cancelTurn(services),
  'admin-health': health(services),
});

const usage =
  ({ reports }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { by, period, timeZone, ...filter } = queryOf(c, usageQuery);
    const options = definedOnly({ by, period, timeZone });
    return c.json({ totals: await stored(part(reports).totals(definedOnly(filter), options)) });
  };

const sessions =
  ({ reports }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { limit, ...filter } = queryOf(c, sessionsQuery);
    return c.json({ sessions: await stored(part(reports).sessions(definedOnly(filter), limit)) });
  };

const blocks =
  ({ reports, clock }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const filter = queryOf(c, filterQuery);
    return c.json({ blocks: await stored(part(reports).blocks(definedOnly(filter), clock.now())) });
  };

const requests =
  ({ reports }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { limit, cursor, ...filter } = queryOf(c, requestsQuery);
    const page = { limit, ...(cursor !== undefined && { cursor }) };
    return c.json(await stored(part(reports).requests(definedOnly(filter), page)));
  };

const request =
  ({ reports }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const id = c.req.param('id') ?? '';
    const found = await stored(part(reports).request(id));
    if (found === undefined)
      throw new TurnError('route_not_found', `There is no request with the id ${printable(id)}.`, { param: 'id' });
    return c.json(found);
  };

/** The plan's windows with their pace, how long the account is refused, and what keys have used of their limits. */
const limits =
  ({ limits: shared, namedKeys, clock }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const { plan, limiter } = part(shared);
    const now = clock.now();
    const state = await plan.view();
    const windows = openWindows(state, now).map(([window, told]) => {
      const { status, utilization, resetsAt, seenAt, shares } = told;
      return { window, ...definedOnly({ utilization, pace: paceOf(told, now) }), status, resetsAt, seenAt, shares };
    });
    const coolDowns = Object.entries(state.coolDowns).filter(([, { until }]) => until > now);
    const keys = await stored(part(namedKeys).list());
    return c.json({
      windows,
      coolDowns: coolDowns.map(([scope, coolDown]) => ({ scope, ...coolDown })),
      keys: await Promise.all(
        keys.map(async (key) => ({ id: key.id, name: key.name, limits: await limiter.headroom(key) })),
      ),
    });
  };

const models =
  ({ listModels }: AdminServices): Handler<HttpEnv> =>
  async (c) => {
    const listed = await listModels();
    return c.json({
      models: listed.filter(({ id, resolvesTo }) => id === resolvesTo),
      aliases: listed
        .filter(({ id, resolvesTo }) => id !== resolvesTo)
        .map(({ id, resolvesTo }) => ({ name: id, model: resolvesTo })),
    });
  };

const cancelTurn =
  ({ turns, log }: AdminServices): Handler<HttpEnv> =>
  (c) => {
    const id = c.req.param('id') ?? '';
    if (!turns.cancel(id))
      throw new TurnError('route_not_found', `No turn with the id ${printable(id)} runs on this server.`, {
        param: 'id',
      });
    log.info({ id, by: c.get('caller')?.name }, 'a turn was ended by an admin');
    return c.json({ id, cancelled: true });
  };

const slotsOf = ({ leases }: AdminServices) => {
  const { held, queued } = leases.stats();
  return { running: held, queued };
};

const health = (services: AdminServices): Handler<HttpEnv> => {
  const report = detailedHealth(services);
  return (c) => {
    const now = report();
    return c.json({ ...now, problems: remediesOf(now) });
  };
};
