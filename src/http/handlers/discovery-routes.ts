/** Requests that clients of some APIs send first: the API's version, one model's details, running models. */
import type { Handler } from 'hono';
import type { DialectDiscovery } from '../../dialects/dialect.ts';
import { readJson, type BodyServices } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { listedModel } from './models-routes.ts';
import type { Services } from '../services.ts';

const discoveryOf = (c: HttpContext): DialectDiscovery => {
  const { discovery, name } = c.get('dialect');
  if (discovery === undefined) throw new TypeError(`${name} has no discovery.`);
  return discovery;
};

export const apiVersionRoute: Handler<HttpEnv> = (c) => c.json(discoveryOf(c).version);

export const runningModelsRoute: Handler<HttpEnv> = (c) => c.json(discoveryOf(c).running);

/** As `GET /v1/models/:id`, with the name in the body. */
export const modelDetailsRoute =
  (services: BodyServices & Pick<Services, 'listModels'>): Handler<HttpEnv> =>
  async (c) => {
    const name = discoveryOf(c).modelAskedFor(await readJson(c, services));
    return c.json(c.get('dialect').renderModel(await listedModel(c, name, services)));
  };

/** Clients pull a model that their user has typed; a model that answers needs no pull. */
export const pullModelRoute =
  (services: BodyServices & Pick<Services, 'listModels'>): Handler<HttpEnv> =>
  async (c) => {
    const discovery = discoveryOf(c);
    await listedModel(c, discovery.modelAskedFor(await readJson(c, services)), services);
    return c.json(discovery.pulled);
  };

/**
 * `ollama …` checks whether Ollama is there. A browser is redirected to the dashboard, other clients get the server's
 * name.
 */
export const indexRoute =
  (version: string, { dashboard }: { readonly dashboard: boolean }): Handler<HttpEnv> =>
  (c) => {
    if (/^ollama\b/iu.test(c.req.header('user-agent') ?? '')) return c.text('Ollama is running');
    c.header('vary', 'Accept');
    const inBrowser = c.req.header('accept')?.includes('text/html') === true;
    return dashboard && inBrowser ? c.redirect('/dashboard', 302) : c.json({ name: 'opencode-claude-proxy', version });
  };
