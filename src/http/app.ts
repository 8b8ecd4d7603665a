/** Every route on one screen. */
import { Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { anthropicMessages, openAiChat, openAiCompletions } from '../dialects/index.ts';
import { authenticate } from './authenticate.ts';
import { browserGuard, corsHeaders } from './browser-guard.ts';
import { elsewhere, noSuchRoute, notServed, wrongMethod } from './unsupported-endpoints.ts';
import type { HttpEnv } from './context.ts';
import { renderThrown, respondError } from './errors.ts';
import { healthRoute, liveRoute, readyRoute } from './health.ts';
import { modelRoute, modelsRoute } from './models-routes.ts';
import { trace } from './request-log.ts';
import type { Services } from './services.ts';
import { countRoute, turnRoute } from './turn-routes.ts';

export const createApp = (services: Services): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>();
  const { settings, version } = services;

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

  app.get('/', (c) => c.json({ name: 'opencode-claude-proxy', version }));
  app.get('/ping', (c) => c.json({ status: 'ok', version }));
  app.get('/live', liveRoute);
  app.get('/ready', readyRoute(services));
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
    app.post(`${root}/chat/completions`, turnRoute(openAiChat, services));
    app.post(`${root}/completions`, turnRoute(openAiCompletions, services));
  }
  for (const root of ['/v1', '', '/anthropic/v1']) {
    app.post(`${root}/messages`, turnRoute(anthropicMessages, services));
    app.post(`${root}/messages/count_tokens`, countRoute(services));
    app.get(`${root}/models`, modelsRoute(services));
    app.get(`${root}/models/:id{.+}`, modelRoute(services));
  }
  return app;
};
