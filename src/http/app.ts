/** The server's HTTP interface: the table of routes with the handlers that run turns on an engine. */
import type { Hono } from 'hono';
import { createAdmin } from './admin/admin.ts';
import { adminHandlers } from './admin/handlers.ts';
import type { HttpEnv } from './context.ts';
import { noDashboard } from './dashboard/routes.ts';
import { healthRoute, liveRoute, readyRoute } from './handlers/health.ts';
import { createHttpApp } from './http-app.ts';
import { metricsRoute } from './handlers/metrics-route.ts';
import { modelRoute, modelsRoute } from './handlers/models-routes.ts';
import { createRunningTurns } from './answer/running-turns.ts';
import {
  apiVersionRoute,
  indexRoute,
  modelDetailsRoute,
  pullModelRoute,
  runningModelsRoute,
} from './handlers/discovery-routes.ts';
import type { Services } from './services.ts';
import {
  cancelRoute,
  createRunningAnswers,
  removeStoredRoute,
  storedInputRoute,
  storedResponseRoute,
} from './handlers/stored-responses.ts';
import { countRoute, turnRoute } from './handlers/turn-routes.ts';

export const createApp = (services: Services): Hono<HttpEnv> => {
  const { dialects, version } = services;
  const running = createRunningAnswers();
  const turns = createRunningTurns();
  const admin = createAdmin({ ...services, turns });
  return createHttpApp(services, {
    dialects,
    handlers: {
      index: indexRoute(version, { dashboard: services.dashboard !== undefined }),
      ping: (c) => c.json({ status: 'ok', version }),
      live: liveRoute,
      ready: readyRoute(services),
      health: healthRoute(services),
      metrics: metricsRoute(services),
      turn: turnRoute({ ...services, turns }, running),
      'stored-response': storedResponseRoute(services),
      'stored-input': storedInputRoute(services),
      'remove-stored': removeStoredRoute(services),
      cancel: cancelRoute(services, running),
      count: countRoute(services),
      models: modelsRoute(services),
      model: modelRoute(services),
      'api-version': apiVersionRoute,
      'model-details': modelDetailsRoute(services),
      'running-models': runningModelsRoute,
      'pull-model': pullModelRoute(services),
      ...adminHandlers(admin, services),
      ...(services.dashboard?.(admin) ?? noDashboard),
    },
  });
};
