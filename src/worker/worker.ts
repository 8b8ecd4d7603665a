/** The Worker's entry: a request comes in at the edge; the Durable Object classes are exported for the platform. */
import { systemClock } from '../util/clock.ts';
import { createBodyBudget } from '../access/body-budget.ts';
import { createKeyRing } from '../access/keys.ts';
import { createWrongKeys } from '../access/wrong-keys.ts';
import { createDashboard } from '../dashboard/handlers.ts';
import { EndedModels } from '../models/ends.ts';
import { listModels, type ListedModel } from '../models/list.ts';
import { createResolver } from '../models/resolve.ts';
import { logRequests } from '../http/request/request-log.ts';
import { announceTo } from '../turn/request-summary.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects as allDialects } from '../dialects/index.ts';
import { dashboardAssets } from './edge/dashboard-assets.ts';
import { createEdge, type EdgeServices } from './edge/edge-app.ts';
import { problemsOf, settingsOf, type Env, type WorkerSettings } from './env.ts';
import type { InstanceStatus } from './internal-protocol.ts';
import { workerLog } from './log.ts';
import { instanceNames } from './rendezvous.ts';
import { sharedAccess } from './store/shared-store.ts';
import about from '../../package.json' with { type: 'json' };

export { ProxyInstance } from './instance/instance.ts';
export { StoreKeeper } from './store/store-keeper.ts';
export { LoginKeeper } from './login/login-keeper.ts';

type Edge = ReturnType<typeof createEdge>;

export const createWorker = (dialects: readonly Dialect[]) => {
  // Made once per isolate: `env` does not change while one lives.
  let edge: Promise<Edge> | undefined;
  return {
    fetch: async (request, env) => {
      const address = request.headers.get('cf-connecting-ip');
      return (await (edge ??= edgeOf(env, dialects))).fetch(request, { peer: address === null ? {} : { address } });
    },
  } satisfies ExportedHandler<Env>;
};

export default createWorker(allDialects);

/** An isolate has 128 MB, and a body takes more than its bytes while it is parsed. */
const MOST_BODY_BYTES = 48 * 1024 * 1024;

const edgeOf = async (env: Env, dialects: readonly Dialect[]): Promise<Edge> => {
  const settings = settingsOf(env);
  const names = instanceNames(settings.generation, settings.instances);
  const models = modelsOf(settings);
  const problems = problemsOf(env);
  const entrance = await entranceOf(env, settings);
  const { version } = about;
  return createEdge({
    dialects,
    announce: announceTo([logRequests(workerLog)], workerLog),
    ...entrance,
    dashboard: createDashboard({ ...entrance, clock: systemClock, assets: dashboardAssets(), version }),
    // Nobody waits: what one request waits for, another one must not end in a Worker.
    bodies: createBodyBudget({ maxBytes: MOST_BODY_BYTES, waitMs: 0, clock: systemClock }),
    settings: edgeSettings(settings),
    misconfigured: problems.length === 0 ? undefined : problems.join(' '),
    clock: systemClock,
    version,
    listModels: () => Promise.resolve(models()),
    dispatch: {
      homes: names.slice(0, settings.homes),
      // A new stub each time: one whose object was reset stays broken.
      ask: (name, request) => env.INSTANCE.getByName(name).fetch(request),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    statuses: async () => ({
      instances: await statusesOf(names.slice(0, MOST_STATUSES), env),
      instancesNotShown: Math.max(0, names.length - MOST_STATUSES),
    }),
  });
};

/** Who is let in, by a key or by a login at the dashboard. */
const entranceOf = async (env: Env, { config }: WorkerSettings) => ({
  keys: await createKeyRing(config.PROXY_API_KEY),
  ...sharedAccess(env),
  wrongKeys: createWrongKeys({
    clock: systemClock,
    onSlowed: (address) => workerLog.warn({ address }, 'many wrong keys from one address: it is slowed down'),
  }),
  log: workerLog,
});

// The Worker has a name of its own, so there is no rebinding to fear; the key keeps strangers out.
const edgeSettings = ({ config }: WorkerSettings): EdgeServices['settings'] => ({
  maxBodyBytes: config.MAX_BODY_BYTES,
  corsOrigins: config.CORS_ORIGINS,
  checkHost: false,
  allowedHosts: [],
});

/**
 * The models this project names, as the server in the container maps them. What the account has besides only Claude
 * Code knows, and it is asleep.
 */
const modelsOf = ({ config }: WorkerSettings): (() => readonly ListedModel[]) => {
  const { MODEL_MAP: map, MODEL_TRACK: track, MODEL_UNKNOWN: unknown } = config;
  const endedModels = new EndedModels(systemClock);
  const ended = (id: string): boolean => endedModels.has(id);
  return () => listModels({ resolve: createResolver({ map, track, unknown, ended }), reported: [], ended, map });
};

/** Enough to see how it goes; each is a Durable Object to be asked. */
const MOST_STATUSES = 20;

const statusesOf = async (names: readonly string[], env: Env): Promise<Readonly<Record<string, InstanceStatus>>> =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await statusOf(name, env)] as const)));

// One that is just being reset must not hide the others.
const statusOf = async (name: string, env: Env): Promise<InstanceStatus> => {
  try {
    return await env.INSTANCE.getByName(name).status();
  } catch (error) {
    return { state: 'unreachable', open: 0, conversations: 0, platformMessage: String(error) };
  }
};
