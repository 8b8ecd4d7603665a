/**
 * What the Worker does itself, before any container wakes: the key, origins, the size and form of the body, models,
 * and every error, with the server's own table of routes and middlewares. Turns go to their instance.
 */
import type { Handler, Hono, MiddlewareHandler } from 'hono';
import { localOwner } from '../../access/keys.ts';
import { ADMIN_ROUTES, type AdminAction } from '../../http/admin/routes.ts';
import { noDashboard } from '../../http/dashboard/routes.ts';
import { parseJson, readBody } from '../../http/request/body.ts';
import type { HttpContext, HttpEnv } from '../../http/context.ts';
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
import { innerHeaders, type InstanceStatus } from '../internal-protocol.ts';
import { createResponder } from '../dialect-responder.ts';
import { wholeOrError } from './ask-instance.ts';
import { conversationKey } from './conversation-key.ts';
import { dispatch, type DispatchOptions } from './dispatch.ts';

export interface EdgeServices extends CommonServices, Pick<Services, 'bodies' | 'dialects' | 'version' | 'listModels'> {
  readonly dispatch: DispatchOptions;
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
      index: indexRoute(version, { dashboard: false }),
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
      ...noDashboard,
    },
  });
};

/**
 * What the Worker knows of its instances without waking one; the figures of the servers inside end with their sleep.
 */
const metricsRoute =
  ({ statuses }: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const instances = Object.entries(await statuses());
    const lines = instances.flatMap(([name, { state, open, conversations }]) => [
      `proxy_instance_up{instance="${name}",state="${state}"} 1`,
      `proxy_instance_requests{instance="${name}"} ${open}`,
      `proxy_instance_conversations{instance="${name}"} ${conversations}`,
    ]);
    return c.body(`${lines.join('\n')}\n`, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  };

/** What any server can answer, over the database that all share: the same one each time, so that one wakes for it. */
const inAnyInstance =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const body = c.req.raw.body === null ? {} : { body: await readBody(c, services) };
    const conversation = await conversationKey('any', new Headers(), []);
    return send(c, { conversation, stream: false, ...body }, services);
  };

/** What only the server that runs a turn can do. The Worker does not know which one, so it asks each that is awake. */
const whereItRuns = (services: EdgeServices): Handler<HttpEnv> => {
  const anywhere = inAnyInstance(services);
  return async (c, next) => {
    const { instances } = await services.statuses();
    const awake = Object.entries(instances).flatMap(([name, { state }]) => (state === 'ready' ? [name] : []));
    const conversation = await conversationKey('any', new Headers(), []);
    let refusal: Response | undefined;
    for (const name of awake) {
      const here = { ...services, dispatch: { ...services.dispatch, homes: [name] } };
      const answer = await send(c, { conversation, stream: false }, here);
      if (answer.ok) return answer;
      await refusal?.body?.cancel();
      refusal = answer;
    }
    if (refusal !== undefined) return refusal;
    return anywhere(c, next);
  };
};

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

const send = async (
  c: HttpContext,
  what: { conversation: string; stream: boolean; body?: Uint8Array<ArrayBuffer> },
  services: EdgeServices,
): Promise<Response> => {
  const { pathname, search } = new URL(c.req.url);
  const requestId = c.get('requestId');
  const { conversation, stream, body = null } = what;
  const init = {
    method: c.req.method,
    headers: innerHeaders(c.req.raw.headers, requestId),
    body,
    signal: c.get('signal'),
  };
  const routed = {
    requestId,
    dialect: c.get('dialect').name,
    conversation,
    owner: c.get('owner') ?? localOwner,
    stream,
    bytes: body?.byteLength ?? 0,
  };
  const answer = await dispatch({ url: `http://instance${pathname}${search}`, init, routed }, services.dispatch);
  return wholeOrError(answer, {
    responder: createResponder(c.get('dialect'), requestId),
    // The summary of the request has been written by then.
    onBroken: (error) => services.log.warn({ id: requestId, code: error.code }, error.message),
  });
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
