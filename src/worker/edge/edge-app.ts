/**
 * What the Worker does itself, before any container wakes: the key, origins, the size and form of the body, models,
 * and every error, with the server's own table of routes and middlewares. Turns go to their instance.
 */
import type { Handler, Hono, MiddlewareHandler } from 'hono';
import { localOwner } from '../../access/keys.ts';
import { ADMIN_ROUTES, type AdminAction } from '../../http/admin/routes.ts';
import type { CreateDashboard } from '../../http/dashboard/routes.ts';
import { parseJson, readBody } from '../../http/request/body.ts';
import type { HttpEnv } from '../../http/context.ts';
import { createHttpApp, type CommonServices } from '../../http/http-app.ts';
import { modelRoute, modelsRoute } from '../../http/handlers/models-routes.ts';
import {
  apiVersionRoute,
  indexRoute,
  modelDetailsRoute,
  pullModelRoute,
  runningModelsRoute,
} from '../../http/handlers/discovery-routes.ts';
import type { Services } from '../../http/services.ts';
import { wantsStream } from '../../http/answer/stream-format.ts';
import { TurnError } from '../../turn/errors.ts';
import type { InstanceStatus } from '../internal-protocol.ts';
import { conversationKey } from './conversation-key.ts';
import { dashboardHandlers } from './dashboard.ts';
import type { DispatchOptions } from './dispatch.ts';
import { send, sendAnywhere, sendWhereItRuns, type AwakeServices } from './send.ts';

export interface EdgeServices extends CommonServices, Pick<Services, 'bodies' | 'dialects' | 'version' | 'listModels'> {
  readonly dispatch: DispatchOptions;
  readonly dashboard: CreateDashboard;
  /** Why nothing can be served, for the owner. */
  readonly misconfigured: string | undefined;
  /** Every instance, asked without waking a container. */
  readonly statuses: () => Promise<Statuses>;
}

export interface Statuses {
  readonly instances: Readonly<Record<string, InstanceStatus>>;
  /** Instances that were not asked, because there are many. */
  readonly instancesNotShown: number;
}

export const createEdge = (services: EdgeServices): Hono<HttpEnv> => {
  const { dialects, version } = services;
  const turn = turnRoute(services);
  return createHttpApp(services, {
    dialects,
    before: refuseUnlessConfigured(services),
    handlers: {
      index: indexRoute(version, { dashboard: true }),
      ping: (c) => c.json({ status: 'ok', version }),
      // The Worker itself is always ready: it starts a container for the request that needs one.
      live: (c) => c.json({ status: 'ok' }),
      ready: (c) => c.json({ status: 'ok' }),
      health: healthRoute(services),
      metrics: metricsRoute(services),
      turn,
      count: turn,
      models: modelsRoute(services),
      model: modelRoute(services),
      'api-version': apiVersionRoute,
      'model-details': modelDetailsRoute(services),
      'running-models': runningModelsRoute,
      'pull-model': pullModelRoute(services),
      'stored-response': inAnyInstance(services),
      'stored-input': inAnyInstance(services),
      'remove-stored': inAnyInstance(services),
      cancel: whereItRuns(services),
      ...adminHandlers(services),
      ...dashboardHandlers(awakeOf(services)),
    },
  });
};

/**
 * What the Worker knows of its instances without waking one; the figures of the servers inside end with their sleep.
 */
const metricsRoute =
  ({ statuses }: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const instances = Object.entries((await statuses()).instances);
    const lines = instances.flatMap(([name, { state, open, conversations }]) => [
      `proxy_instance_up{instance="${name}",state="${state}"} 1`,
      `proxy_instance_requests{instance="${name}"} ${open}`,
      `proxy_instance_conversations{instance="${name}"} ${conversations}`,
    ]);
    return c.body(`${lines.join('\n')}\n`, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  };

/** What any server can answer; one wakes for it. */
const inAnyInstance =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) =>
    sendAnywhere(c, c.req.raw.body === null ? {} : { body: await readBody(c, services) }, services);

const whereItRuns =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) =>
    sendWhereItRuns(c, c.req.raw.body === null ? {} : { body: await readBody(c, services) }, awakeOf(services));

const awakeOf = (services: EdgeServices): EdgeServices & AwakeServices => ({
  ...services,
  awake: async () => {
    const { instances } = await services.statuses();
    return Object.entries(instances).flatMap(([name, { state }]) => (state === 'ready' ? [name] : []));
  },
});

/** The servers do what `/admin` does; the role has been checked here. */
const adminHandlers = (services: EdgeServices): Readonly<Record<AdminAction, Handler<HttpEnv>>> => {
  const anywhere = Object.fromEntries(ADMIN_ROUTES.map(({ action }) => [action, inAnyInstance(services)]));
  return { ...(anywhere as Record<AdminAction, Handler<HttpEnv>>), 'admin-cancel-turn': whereItRuns(services) };
};

const refuseUnlessConfigured =
  ({ misconfigured }: EdgeServices): MiddlewareHandler<HttpEnv> =>
  async (_, next) => {
    if (misconfigured !== undefined) throw new TurnError('engine_unavailable', misconfigured);
    await next();
  };

const turnRoute =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const bytes = await readBody(c, services);
    const body = parseJson(bytes);
    const object = typeof body === 'object' && body !== null ? body : {};
    const stream = wantsStream(c.get('dialect'), object);
    const start = c.get('dialect').conversationStart(object);
    const conversation = await conversationKey(c.get('owner') ?? localOwner, c.req.raw.headers, start);
    return send(c, { conversation, stream, body: bytes }, services);
  };

/**
 * Answers for the Worker; with the key also for the instances, and with `?wake` for the server in the first of them.
 */
const healthRoute =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const owner = c.get('owner');
    const wake = c.req.query('wake') !== undefined;
    if (owner === undefined && wake)
      throw new TurnError('authentication', '/health?wake needs the key of this server.');
    if (owner === undefined) return c.json({ status: 'ok' });
    if (!wake) return c.json({ status: 'ok', version: services.version, ...(await services.statuses()) });
    return send(c, { conversation: await conversationKey(owner, new Headers(), []), stream: false }, services);
  };
