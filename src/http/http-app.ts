/** The part of every request that Node and the Worker share; each brings its own handlers for the actions. */
import { Hono, type Handler, type MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { NamedKeys } from '../access/named-keys.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { requireAdmin } from './admin/guard.ts';
import { authenticate } from './request/authenticate.ts';
import { browserGuard, corsHeaders } from './request/browser-guard.ts';
import type { HttpEnv } from './context.ts';
import { renderThrown, respondError } from './errors.ts';
import { recordRequests } from './request/request-record.ts';
import { openApiHandlers } from './openapi/handlers.ts';
import type { OpenApiAction } from './openapi/routes.ts';
import { createRouteTable, dialectOf, type Action, type Route } from './routes.ts';
import type { HttpSettings, Services } from './services.ts';
import { noSuchRoute, unsupportedEndpoint, unsupportedEndpoints, wrongMethod } from './unsupported-endpoints.ts';

export type Handlers = Readonly<Record<Action, Handler<HttpEnv>>>;

export interface CommonServices extends Pick<
  Services,
  'keys' | 'wrongKeys' | 'sessions' | 'log' | 'clock' | 'announce' | 'version'
> {
  /** Absent where nothing is kept. */
  readonly namedKeys?: Pick<NamedKeys, 'find' | 'byId'>;
  readonly settings: Pick<HttpSettings, 'maxBodyBytes' | 'corsOrigins' | 'checkHost' | 'allowedHosts' | 'behindWorker'>;
}

export interface AppParts {
  readonly dialects: readonly Dialect[];
  readonly handlers: Omit<Handlers, OpenApiAction>;
  /** Runs after the key check, before any body is read. */
  readonly before?: MiddlewareHandler<HttpEnv>;
}

export const createHttpApp = (
  services: CommonServices,
  { dialects, handlers: own, before }: AppParts,
): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>();
  const table = createRouteTable(dialects);
  const handlers: Handlers = { ...own, ...openApiHandlers(table, services.version) };

  app.onError(renderThrown(services));
  const served = table.map(({ path }) => path);
  app.notFound((c) => respondError(noSuchRoute(c.req.path, served), c, services));

  app.use(chooseDialect(table));
  app.use(recordRequests(services));
  app.use(browserGuard(services.settings));
  app.use(corsHeaders(services.settings));
  app.use(authenticate(services));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allowed) => {
        c.header('allow', allowed.join(', '));
        return respondError(wrongMethod(allowed), c, services);
      },
    }),
  );
  if (before !== undefined) app.use(before);

  for (const { method, path, action, role } of table) {
    if (role === 'admin') app.on(method, path, requireAdmin, handlers[action]);
    else app.on(method, path, handlers[action]);
  }
  for (const [path, explanation] of Object.entries(unsupportedEndpoints)) {
    for (const each of [path, `${path}/*`]) {
      app.all(each, () => {
        throw unsupportedEndpoint(explanation);
      });
    }
  }
  return app;
};

const chooseDialect =
  (table: readonly Route[]): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const { path, raw, url } = c.req;
    c.set('dialect', dialectOf({ path, headers: raw.headers, query: new URL(url).searchParams }, table));
    await next();
  };
