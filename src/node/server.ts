/** The server process, composed: engine, queue and app behind a listening socket, and the way it ends. */
import { once, setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import { BlockList, type AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { TurnError } from '../turn/errors.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { createRedactor, type Redact } from '../util/redact.ts';
import { timedOut, within } from '../util/timer.ts';
import { createAccess } from './access.ts';
import { createKeyRing } from '../access/keys.ts';
import { createBodyBudget } from '../access/body-budget.ts';
import { createWrongKeys } from '../access/wrong-keys.ts';
import { createLeases } from '../access/leases.ts';
import { createDashboard } from '../dashboard/handlers.ts';
import { createApp } from '../http/app.ts';
import { isLoopbackHost } from '../http/request/browser-guard.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects as allDialects } from '../dialects/index.ts';
import type { HttpSettings } from '../http/services.ts';
import type { Log } from '../util/log.ts';
import type { Engine } from '../turn/engine.ts';
import { trustedProxies } from './socket/client-address.ts';
import { createHttpServer, serverLimits, type ServerLimits } from './socket/http-server.ts';
import { watchAnswers } from './socket/drain.ts';
import { adviceBehindWorker, type LoginAdvice } from './login/login-advice.ts';
import { lazyCipher } from './cipher.ts';
import { createObservers, type Outlets } from './observers.ts';
import { readDashboardAssets } from './dashboard-assets.ts';
import { createModels } from './models.ts';
import type { Store } from '../store/store.ts';
import type { Config } from '../settings/server-settings.ts';
import { version } from './version.ts';
import { watchLogin } from './login/watch-login.ts';

export interface ServerParts {
  readonly config: Config;
  readonly engine: Engine;
  /** Which login the engine uses, as a sentence. */
  readonly login: string;
  /** Advice for a login that the API refuses. */
  readonly advice?: LoginAdvice;
  /** Removes known secrets from the engine's messages. */
  readonly redact?: Redact;
  readonly log: Log;
  readonly behindWorker?: boolean;
  /** The database; a server without it keeps nothing. It is closed with the server. */
  readonly store?: Store;
  /** The APIs it speaks; all of them unless given. */
  readonly dialects?: readonly Dialect[];
  readonly limits?: Partial<ServerLimits>;
  /** Where alerts go, beside the log. */
  readonly outlets?: Outlets;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080`, with the port that was picked. */
  readonly url: string;
  readonly port: number;
  /** Lets running answers finish, up to DRAIN_TIMEOUT_MS, then ends the engine and every connection. */
  close(): Promise<void>;
}

/** The app without a socket of its own. */
export interface ComposedServer {
  readonly fetch: ReturnType<typeof createApp>['fetch'];
  /** Refuses new answers and lets running ones finish, up to DRAIN_TIMEOUT_MS; what is left then ends with an error. */
  readonly drain: () => Promise<void>;
  /** Ends the engine. */
  readonly close: () => Promise<void>;
  /** Conversations that the engine holds. */
  readonly conversations: () => number;
}

export const composeServer = async ({
  config,
  engine: unwatched,
  login,
  advice = { name: login, refusedBy: 'the API', remedy: 'renew it' },
  log,
  redact = createRedactor([]),
  behindWorker = false,
  dialects = allDialects,
  limits,
  store,
  outlets = {},
}: ServerParts): Promise<ComposedServer> => {
  const clock = systemClock;
  const engine = watchLogin(unwatched, { advice: behindWorker ? adviceBehindWorker(advice) : advice, redact, log });
  const leases = leasesFor(engine, config, clock);
  const keys = await createKeyRing(config.PROXY_API_KEY);
  const { bodies, wrongKeys } = createBounds({ config, clock, log, limits });
  const models = createModels(config, engine, { log, clock });
  const access = createAccess(store, { keys, clock, log, shared: behindWorker || config.DATABASE_URL !== '' });
  engine.onLimits?.((seen) => access.services.limits?.plan.observe(seen));
  const observers = createObservers({ leases, engine, clock, log }, store, { ...access.services, ...outlets });
  const stopping = endlessSignal();
  const entrance = { keys, log, ...access.services, ...(!behindWorker && { wrongKeys }) };
  const app = createApp({
    dialects,
    announce: observers.announce,
    ...observers.figures,
    engine,
    stopping: stopping.signal,
    leases,
    bodies,
    ...entrance,
    dashboard: createDashboard({ ...entrance, clock, assets: readDashboardAssets(), version }),
    ...(store !== undefined && { reports: store.ledger }),
    keepContent: config.LOG_CONTENT && store !== undefined,
    clock,
    version,
    login,
    ...(store !== undefined && { responses: store.responses }),
    cipher: lazyCipher(config, store),
    ...models,
    settings: { ...httpSettings(config), behindWorker },
  });
  return {
    fetch: app.fetch,
    drain: async () => {
      leases.drain();
      if ((await within(leases.idle(), config.DRAIN_TIMEOUT_MS, clock)) === timedOut)
        stopping.abort(new TurnError('draining', 'The server is shutting down and had no more time for this answer.'));
    },
    close: async () => {
      await engine.close();
      await access.close();
      await observers.close();
      await store?.close();
    },
    conversations: () => engine.health().conversations ?? 0,
  };
};

const leasesFor = ({ maxTurns = Infinity }: Pick<Engine, 'maxTurns'>, config: Config, clock: Clock) =>
  createLeases({
    // More would wait inside the engine, where nobody keeps order between keys.
    maxConcurrency: Math.min(config.MAX_CONCURRENCY, maxTurns),
    queueLimit: config.QUEUE_LIMIT,
    queueTimeoutMs: config.QUEUE_TIMEOUT_MS,
    clock,
  });

/** One listener for each running turn is meant. */
const endlessSignal = (): AbortController => {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
};

interface BoundsParts extends Pick<ServerParts, 'config' | 'log'> {
  readonly clock: Clock;
  readonly limits: Partial<ServerLimits> | undefined;
}

/** What callers may take of the server's memory, and how often they may try keys. */
const createBounds = ({ config, clock, log, limits }: BoundsParts) => ({
  bodies: createBodyBudget({
    maxBytes: heldBodyBytes(config),
    waitMs: limits?.bodyWaitMs ?? serverLimits().bodyWaitMs,
    clock,
  }),
  wrongKeys: createWrongKeys({
    clock,
    onSlowed: (address) => log.warn({ address }, 'many wrong keys from one address: it is slowed down'),
  }),
});

/** Starts to listen. Throws where the address cannot be had; everything is closed then, the engine too. */
export const createServer = async (parts: ServerParts): Promise<RunningServer> => {
  const composed = await composeServer(parts);
  try {
    const server = await serve(composed, parts.config, parts);
    // Not before the socket: a server whose port is taken has no use for processes.
    parts.engine.start?.();
    return server;
  } catch (error) {
    // A timer of the ledger would keep the program from ending.
    await composed.close();
    throw error;
  }
};

/** Puts a composed server behind a socket. Throws `ListenError`. */
export const serve = async (
  composed: ComposedServer,
  config: Pick<Config, 'HOST' | 'PORT' | 'MAX_CONNECTIONS' | 'TRUSTED_PROXIES' | 'DRAIN_TIMEOUT_MS'>,
  { log, limits }: Pick<ServerParts, 'log' | 'limits'>,
): Promise<RunningServer> => {
  const server = createHttpServer(composed.fetch, {
    hostname: config.HOST,
    proxies: trustedProxies(config.TRUSTED_PROXIES) ?? new BlockList(),
    limits: { ...serverLimits(config.MAX_CONNECTIONS), ...limits },
  });
  const endServer = watchAnswers(server);
  await listen(server, config);
  // For example out of file descriptors: the connection is lost, but the server goes on.
  server.on('error', (error) => log.warn({ error: error.message }, 'a connection could not be accepted'));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`,
    port,
    close: onlyOnce(() => endServer({ ...composed, drainMs: config.DRAIN_TIMEOUT_MS })),
  };
};

/** The address cannot be had; the message is for the person who started the server. */
class ListenError extends Error {
  override readonly name = 'ListenError';
}

const listen = async (server: Server, { HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): Promise<void> => {
  server.listen(PORT, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(whyNot(error, { HOST, PORT }), { cause: error });
  }
};

/** A wrong HOST is never repeated: it may be anything, also a secret in the wrong place. */
const whyNot = (error: unknown, { HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): string => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return (
      `Port ${PORT} on ${HOST} is in use. Stop the program that has it, or set PORT to another one (0 picks ` +
      `a free one).`
    );
  if (code === 'EACCES') return `This user may not listen on port ${PORT}. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'HOST is no address of this machine. Set it to one of its own: 127.0.0.1, or 0.0.0.0 for all.';
  return `Listening on HOST and PORT failed (${code ?? 'for an unknown reason'}).`;
};

const onlyOnce = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
};

const heldBodyBytes = ({ MAX_HELD_BODY_BYTES, MAX_BODY_BYTES }: Config): number =>
  MAX_HELD_BODY_BYTES === 'auto' ? Math.max(MAX_BODY_BYTES, Math.floor(memoryBytes() / 64)) : MAX_HELD_BODY_BYTES;

const memoryBytes = (constrained = process.constrainedMemory(), total = totalmem()): number =>
  constrained > 0 && constrained < total ? constrained : total;

const httpSettings = (config: Config): HttpSettings => ({
  maxBodyBytes: config.MAX_BODY_BYTES,
  headerWaitMs: config.HEADER_WAIT_MS,
  keepaliveMs: config.KEEPALIVE_MS,
  turnTimeoutMs: config.TURN_TIMEOUT_MS,
  stallAlarmMs: config.STALL_ALARM_MS,
  strict: config.PROXY_STRICT,
  corsOrigins: config.CORS_ORIGINS,
  checkHost: isLoopbackHost(config.HOST) && config.PROXY_API_KEY.length === 0,
  allowedHosts: config.ALLOWED_HOSTS.map((host) => host.toLowerCase()),
});
