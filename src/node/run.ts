/** From an environment to a running server, and from a signal to its end: what both commands do. */
import type { Logger } from 'pino';
import type { Engine } from '../turn/engine.ts';
import { missingProgram } from '../engines/claude/process/child/executable.ts';
import { createTracing } from '../observe/tracing/tracing.ts';
import { createRedactor, type Redact } from '../util/redact.ts';
import { version } from './version.ts';
import { parseConfig, type Environment } from './config.ts';
import { findCredentials, type Credentials } from './login/credentials.ts';
import { createEngine } from './engine.ts';
import { createWebhook } from './alerts.ts';
import type { Outlets } from './observers.ts';
import type { Config } from '../settings/server-settings.ts';
import { createUpstreamFetch } from './upstream-fetch.ts';
import { findExistingLogin } from './login/existing-login.ts';
import { createLog, logOutput } from './log.ts';
import { secretsOf } from './login/secrets.ts';
import { spreadLastNet } from './last-net.ts';
import { lookalikes, type Lookalike } from './lookalikes.ts';
import { loginAdvice } from './login/login-advice.ts';
import { createServer, type RunningServer, type ServerParts } from './server.ts';
import { StartError } from './start-error.ts';
import { stateRoot } from './state.ts';
import { createStore } from './store.ts';
import { systemClock } from '../util/clock.ts';

export interface Running {
  readonly server: RunningServer;
  readonly engine: Engine;
  /** The login in use, and what else was set: sentences to be printed. */
  readonly about: readonly string[];
  readonly log: Logger;
}

/** Throws `StartError` with everything that is wrong. */
export const run = async (env: Environment): Promise<Running> => {
  const { engine, parts, about } = await prepare(env);
  try {
    const server = await withStartError(() => createServer(parts));
    return { server, engine, log: parts.log, about };
  } catch (error) {
    await engine.close();
    await parts.store?.close();
    throw error;
  }
};

/** Everything but the socket. Throws `StartError`. */
export const prepare = async (
  env: Environment,
): Promise<{ engine: Engine; parts: ServerParts & { log: Logger }; about: readonly string[] }> => {
  const parsed = parseConfig(env);
  if (!parsed.ok)
    throw new StartError(
      ['The settings have problems:', ...parsed.problems.map((problem) => `  ${problem}`)].join('\n'),
    );
  const { config } = parsed;
  const misspelt = lookalikes(env);
  const keys = misspelt.filter(({ nearest }) => nearest === 'PROXY_API_KEY');
  // Who sets a key by a wrong name believes that the server is closed.
  if (keys.length > 0) throw new StartError(keys.map(notASetting).join('\n'));
  const missing = config.ENGINE === 'claude-code' ? missingProgram(config.CLAUDE_PATH) : undefined;
  // Each request would fail, and none could say why.
  if (missing !== undefined) throw new StartError(`${missing.text}\nWhat to do: ${missing.remedy}.`);
  const credentials = findCredentials(env, { engine: config.ENGINE, existingLogin: await findExistingLogin(env) });
  if (credentials.kind === 'none') throw new StartError(credentials.help);
  const redact = createRedactor(secretsOf(env));
  const log = createLog(config, redact, await logOutput(config));
  for (const each of misspelt) log.warn(each, notASetting(each));
  const engine = await withStartError(() => createEngine({ config, env, credentials, log }));
  const store = createStore(config, { stateDir: stateRoot(config.STATE_DIR, env), clock: systemClock, log });
  return {
    engine,
    parts: {
      config,
      engine,
      store,
      log,
      login: credentials.from,
      advice: loginAdvice(credentials, env),
      redact,
      outlets: await createOutlets({ config, env, redact, log }),
    },
    about: aboutLogin(config.ENGINE, credentials),
  };
};

interface OutletParts {
  readonly config: Config;
  readonly env: Environment;
  readonly redact: Redact;
  readonly log: Logger;
}

const createOutlets = async ({ config, env, redact, log }: OutletParts): Promise<Outlets> => {
  const webhook = createWebhook(config, createUpstreamFetch(env));
  const tracing = await withStartError(() =>
    createTracing({ env, serviceVersion: version, redact, clock: systemClock, log }),
  );
  return { ...(webhook !== undefined && { webhook }), ...(tracing !== undefined && { tracing }) };
};

/** Ends the server in order at the first SIGTERM or SIGINT, and at once at the second. */
export const endOnSignals = (
  { server, log }: Pick<Running, 'server' | 'log'>,
  alsoEnd: () => Promise<void> = async () => undefined,
): void => {
  let ending = false;
  const end = async (why: NodeJS.Signals | 'exception'): Promise<void> => {
    if (ending) process.exit(1);
    ending = true;
    log.info({ why }, 'ending: running answers may finish, new requests are refused; a signal now ends at once');
    try {
      await server.close();
      await alsoEnd();
    } catch (error) {
      log.error({ err: error }, 'the server could not be ended in order');
      process.exit(1);
    }
    log.info({ why }, 'ended');
    process.exit(why === 'exception' ? 1 : 0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  spreadLastNet(log, () => void end('exception'));
};

const notASetting = ({ name, nearest }: Lookalike): string => `${name} is not a setting. Did you mean ${nearest}?`;

const aboutLogin = (engine: string, { from, ignored }: Exclude<Credentials, { kind: 'none' }>): readonly string[] => [
  `Engine: ${engine}, with ${from}.`,
  ...(ignored.length > 0 ? [`Also set and not used: ${ignored.join(', ')}.`] : []),
];

const withStartError = async <Value>(work: () => Promise<Value>): Promise<Value> => {
  try {
    return await work();
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
};
