/**
 * What the Worker does itself, before any container wakes: the key, origins, the size and form of the
 * body, models, and every error, all with the server's own middlewares. Turns go to their instance.
 */
import { Hono, type Handler, type MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { localOwner } from '../../access/keys.ts';
import { authenticate } from '../../http/authenticate.ts';
import { parseJson, readBody } from '../../http/body.ts';
import { browserGuard, corsHeaders } from '../../http/browser-guard.ts';
import { dialectOf } from '../../http/dialect-of.ts';
import { elsewhere, noSuchRoute, notServed, wrongMethod } from '../../http/unsupported-endpoints.ts';
import type { HttpContext, HttpEnv } from '../../http/context.ts';
import { renderThrown, respondError } from '../../http/errors.ts';
import { modelRoute, modelsRoute } from '../../http/models-routes.ts';
import { trace } from '../../http/request-log.ts';
import type { Services } from '../../http/services.ts';
import { TurnError } from '../../turn/errors.ts';
import { conversationKey } from './conversation-key.ts';
import { dispatch, type DispatchOptions } from './dispatch.ts';
import { innerHeaders, type InstanceStatus } from '../internal-protocol.ts';

export interface EdgeServices extends Pick<Services, 'keys' | 'log' | 'clock' | 'version' | 'listModels'> {
  readonly settings: Pick<
    Services['settings'],
    'maxBodyBytes' | 'corsOrigins' | 'checkHost' | 'allowedHosts' | 'behindWorker'
  >;
  readonly dispatch: DispatchOptions;
  /** Why nothing can be served, in words for the owner. */
  readonly misconfigured: string | undefined;
  /** Every instance, asked without waking a container. */
  readonly statuses: () => Promise<Readonly<Record<string, InstanceStatus>>>;
}

export const createEdge = (services: EdgeServices): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>();
  const { settings, version } = services;
  const turn = turnRoute(services);

  app.onError(renderThrown(services));
  app.notFound((c) => respondError(noSuchRoute(), c, services));

  app.use(trace(services));
  app.use(browserGuard(settings));
  app.use(corsHeaders(settings));
  app.use(authenticate(services));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) => (
        c.header('allow', allowed.join(', ')),
        respondError(wrongMethod(allowed), c, services)
      ),
    }),
  );
  app.use(refuseUnlessConfigured(services));

  app.get('/', (c) => c.json({ name: 'opencode-claude-proxy', version }));
  app.get('/ping', (c) => c.json({ status: 'ok', version }));
  // The Worker itself is always ready: it starts a container for the request that needs one.
  for (const path of ['/live', '/ready']) app.get(path, (c) => c.json({ status: 'ok' }));
  app.get('/health', healthRoute(services));

  for (const [path, explanation] of Object.entries(elsewhere)) {
    app.all(path, () => {
      throw notServed(explanation);
    });
    app.all(`${path}/*`, () => {
      throw notServed(explanation);
    });
  }
  for (const root of ['/v1', '']) {
    app.post(`${root}/chat/completions`, turn);
    app.post(`${root}/completions`, turn);
  }
  for (const root of ['/v1', '', '/anthropic/v1']) {
    app.post(`${root}/messages`, turn);
    app.post(`${root}/messages/count_tokens`, turn);
    app.get(`${root}/models`, modelsRoute(services));
    app.get(`${root}/models/:id{.+}`, modelRoute(services));
  }
  return app;
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
    const bytes = await readBody(c, services.settings);
    const body = parseJson(bytes);
    const stream = typeof body === 'object' && body !== null && 'stream' in body && body.stream === true;
    const conversation = await conversationKey(c.get('owner') ?? localOwner, c.req.raw.headers, body);
    return send(c, { conversation, stream, body: bytes }, services);
  };

const send = (
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
  const routed = { requestId, dialect: dialectOf(c).name, conversation, stream, bytes: body?.byteLength ?? 0 };
  return dispatch({ url: `http://instance${pathname}${search}`, init, routed }, services.dispatch);
};

/** Answers for the Worker; with the key also for the instances, and with `?wake` for the server in the first of them. */
const healthRoute =
  (services: EdgeServices): Handler<HttpEnv> =>
  async (c) => {
    const owner = c.get('owner');
    if (owner === undefined) return c.json({ status: 'ok' });
    if (c.req.query('wake') === undefined)
      return c.json({ status: 'ok', version: services.version, instances: await services.statuses() });
    return send(c, { conversation: await conversationKey(owner, new Headers(), undefined), stream: false }, services);
  };
