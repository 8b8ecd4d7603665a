/** What the Worker is configured with: bindings and variables of wrangler.jsonc, and secrets. */
import { parseSettings, type Environment } from '../settings/parse-settings.ts';
import { edgeSettings, workerSettings, type WorkerConfig } from '../settings/worker-settings.ts';
import type { LoginKeeper } from './login/login-keeper.ts';
import type { StoreKeeper } from './store/store-keeper.ts';
import type { ProxyInstance } from './instance/instance.ts';
import { loginOf } from './login/login.ts';
import { isCipherKey } from './login/encryption.ts';

/** Bindings of wrangler.jsonc. The settings are beside them, as text. */
export interface Env {
  readonly INSTANCE: DurableObjectNamespace<ProxyInstance>;
  readonly LOGIN: DurableObjectNamespace<LoginKeeper>;
  readonly STORE: DurableObjectNamespace<StoreKeeper>;
  readonly CLAUDE_OAUTH_CREDS?: string;
  /** 32 bytes in base64: encrypts what Durable Objects keep. */
  readonly STATE_KEY?: string;
}

export interface WorkerSettings {
  readonly config: WorkerConfig;
  /** How long answers may go on in a container that is ending. */
  readonly drainMs: number;
  readonly endWithinMs: number;
  readonly sleepAfterMs: number;
  readonly startWaitMs: number;
  readonly lifeSignAfterMs: number;
  readonly lifeSignEveryMs: number;
  readonly instances: number;
  readonly homes: number;
  readonly generation: string;
  readonly capacity: number;
}

/** A setting that cannot be read has its default; `problemsOf` names it. */
export const settingsOf = (env: Env): WorkerSettings => {
  const { values: config } = parseSettings(workerSettings, textOf(env));
  return {
    config,
    instances: config.INSTANCES,
    homes: Math.min(config.INSTANCES, config.HOMES),
    generation: config.GENERATION,
    capacity: config.INSTANCE_CAPACITY,
    drainMs: config.DRAIN_TIMEOUT_MS,
    endWithinMs: config.END_WITHIN_MS,
    sleepAfterMs: config.SLEEP_AFTER_S * 1000,
    startWaitMs: config.START_WAIT_MS,
    lifeSignAfterMs: config.LIFE_SIGN_AFTER_MS,
    lifeSignEveryMs: config.LIFE_SIGN_EVERY_MS,
  };
};

/** Variables and secrets; bindings are objects. */
const textOf = (env: Env): Environment =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** Why this Worker must not serve, one sentence each. */
export const problemsOf = (env: Env): readonly string[] => {
  const { values, problems } = parseSettings(workerSettings, textOf(env));
  return [
    ...(values.PROXY_API_KEY.length === 0 && !values.ALLOW_NO_KEY
      ? [
          'PROXY_API_KEY is not set: everybody could spend your money. Run npm run deploy, or npx wrangler secret ' +
            'put PROXY_API_KEY.',
        ]
      : []),
    ...(env.CLAUDE_OAUTH_CREDS ? problemsOfLogin(env.CLAUDE_OAUTH_CREDS, env.STATE_KEY) : []),
    ...problems,
  ];
};

const problemsOfLogin = (login: string, stateKey: string | undefined): readonly string[] => [
  ...(loginOf(login) === undefined
    ? [
        "CLAUDE_OAUTH_CREDS is not the JSON of Claude Code's credentials file. Log in again, then npm run deploy " +
          '-- --renew.',
      ]
    : []),
  ...(stateKey
    ? []
    : [
        'CLAUDE_OAUTH_CREDS needs the secret STATE_KEY (32 bytes in base64) to keep a refreshed login; npm run ' +
          'deploy sets both.',
      ]),
  ...(stateKey && !isCipherKey(stateKey) ? ['STATE_KEY must be 32 bytes in base64 (openssl rand -base64 32).'] : []),
];

/** What means something to the Worker alone, or reaches the container in another way. */
const NOT_FOR_THE_CONTAINER: ReadonlySet<string> = new Set([
  ...Object.keys(edgeSettings),
  'CORS_ORIGINS',
  // Checked in the Worker: a new client key is no reason to start every container again.
  'PROXY_API_KEY',
  'STATE_KEY',
  'CLAUDE_OAUTH_CREDS',
  // The database is the Durable Object's.
  'DATABASE_URL',
]);

/**
 * Every other variable and secret is a setting of the server in the container, under the same name. It
 * runs as many turns as the instance takes requests, unless that is set.
 */
export const containerSettings = (env: Env): Record<string, string> => ({
  MAX_CONCURRENCY: String(settingsOf(env).capacity),
  ...Object.fromEntries(Object.entries(textOf(env)).filter(([name]) => !NOT_FOR_THE_CONTAINER.has(name))),
});
