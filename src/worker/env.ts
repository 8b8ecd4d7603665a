/** What the Worker is configured with: bindings and variables of wrangler.jsonc, and secrets. */
import type { LoginKeeper } from './login/login-keeper.ts';
import type { ProxyInstance } from './instance/instance.ts';
import { loginOf } from './login/login.ts';
import { isSealKey } from './login/encryption.ts';

export interface Env {
  readonly INSTANCE: DurableObjectNamespace<ProxyInstance>;
  readonly LOGIN: DurableObjectNamespace<LoginKeeper>;
  /** One key or several, separated by commas. */
  readonly PROXY_API_KEY?: string;
  /** `1`: serve without a key. Whoever finds the address then spends the owner's money. */
  readonly ALLOW_NO_KEY?: string;
  readonly CLAUDE_OAUTH_CREDS?: string;
  /** 32 bytes in base64: seals what Durable Objects keep. */
  readonly STATE_KEY?: string;
  readonly CORS_ORIGINS?: string;
  readonly MODEL_MAP?: string;
  readonly MODEL_UNKNOWN?: string;
  readonly MAX_BODY_BYTES?: string;
  readonly INSTANCES?: string;
  readonly HOMES?: string;
  readonly GENERATION?: string;
  readonly INSTANCE_CAPACITY?: string;
  readonly MAX_CONCURRENCY?: string;
  readonly DRAIN_TIMEOUT_MS?: string;
  readonly END_WITHIN_MS?: string;
  readonly SLEEP_AFTER_S?: string;
  readonly START_WAIT_MS?: string;
  readonly LIFE_SIGN_AFTER_MS?: string;
  readonly LIFE_SIGN_EVERY_MS?: string;
}

export interface WorkerSettings {
  readonly keys: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  /** Instances that exist; below `max_instances`, so that one that is being replaced has room. */
  readonly instances: number;
  /** How many of them take new conversations before any is full. One keeps a small load in one container. */
  readonly homes: number;
  readonly generation: string;
  readonly capacity: number;
  /** How long answers may go on in a container that was told to end. */
  readonly drainMs: number;
  /** How long a container that was told to end, and has no answer to finish, may take to do so. */
  readonly endWithinMs: number;
  readonly sleepAfterMs: number;
  readonly startWaitMs: number;
  readonly lifeSignAfterMs: number;
  readonly lifeSignEveryMs: number;
}

/** A variable that is no number counts as not set; `problemsOf` names it. */
export const settingsOf = (env: Env): WorkerSettings => {
  const number = (name: NumberName, fallback: number): number => (isNumber(env[name]) ? Number(env[name]) : fallback);
  const instances = Math.max(1, number('INSTANCES', 4));
  return {
    keys: list(env.PROXY_API_KEY),
    corsOrigins: list(env.CORS_ORIGINS),
    maxBodyBytes: number('MAX_BODY_BYTES', 32 * 1024 * 1024),
    instances,
    homes: Math.max(1, Math.min(instances, number('HOMES', 1))),
    generation: env.GENERATION ?? 'g1',
    capacity: number('INSTANCE_CAPACITY', 16),
    drainMs: number('DRAIN_TIMEOUT_MS', 30_000),
    endWithinMs: number('END_WITHIN_MS', 60_000),
    sleepAfterMs: number('SLEEP_AFTER_S', 600) * 1000,
    startWaitMs: number('START_WAIT_MS', 60_000),
    lifeSignAfterMs: number('LIFE_SIGN_AFTER_MS', 1_000),
    lifeSignEveryMs: number('LIFE_SIGN_EVERY_MS', 5_000),
  };
};

/** Why this Worker must not serve, one sentence each. */
export const problemsOf = (env: Env): readonly string[] => [
  ...(list(env.PROXY_API_KEY).length === 0 && env.ALLOW_NO_KEY !== '1'
    ? [
        'PROXY_API_KEY is not set: everybody could spend your money. Run npm run deploy, or npx wrangler secret put PROXY_API_KEY.',
      ]
    : []),
  ...(env.CLAUDE_OAUTH_CREDS ? problemsOfLogin(env.CLAUDE_OAUTH_CREDS, env.STATE_KEY) : []),
  ...NUMBERS.filter((name) => env[name] !== undefined && !isNumber(env[name])).map(
    (name) => `${name} must be a number.`,
  ),
];

const problemsOfLogin = (login: string, stateKey: string | undefined): readonly string[] => [
  ...(loginOf(login) === undefined
    ? [
        "CLAUDE_OAUTH_CREDS is not the JSON of Claude Code's credentials file. Log in again, then npm run deploy -- --renew.",
      ]
    : []),
  ...(stateKey
    ? []
    : [
        'CLAUDE_OAUTH_CREDS needs the secret STATE_KEY (32 bytes in base64) to keep a refreshed login; npm run deploy sets both.',
      ]),
  ...(stateKey && !isSealKey(stateKey) ? ['STATE_KEY must be 32 bytes in base64 (openssl rand -base64 32).'] : []),
];

const NUMBERS = [
  'MAX_BODY_BYTES',
  'INSTANCES',
  'HOMES',
  'INSTANCE_CAPACITY',
  'DRAIN_TIMEOUT_MS',
  'END_WITHIN_MS',
  'SLEEP_AFTER_S',
  'START_WAIT_MS',
  'LIFE_SIGN_AFTER_MS',
  'LIFE_SIGN_EVERY_MS',
] as const;
type NumberName = (typeof NUMBERS)[number];

const isNumber = (text: string | undefined): boolean => text !== undefined && /^\d+(\.\d+)?$/.test(text);

/** Variables that mean something to the Worker alone, or that the container gets in another way. */
const NOT_FOR_THE_CONTAINER = new Set([
  'STATE_KEY',
  'ALLOW_NO_KEY',
  'CLAUDE_OAUTH_CREDS',
  'INSTANCES',
  'HOMES',
  'GENERATION',
  'INSTANCE_CAPACITY',
  'END_WITHIN_MS',
  'SLEEP_AFTER_S',
  'START_WAIT_MS',
  'LIFE_SIGN_AFTER_MS',
  'LIFE_SIGN_EVERY_MS',
  'CORS_ORIGINS',
]);

/**
 * Every other variable and secret is a setting of the server in the container, under the same name. It
 * runs as many turns as the instance takes requests, unless that was said otherwise.
 */
export const containerSettings = (env: Env): Record<string, string> => ({
  MAX_CONCURRENCY: String(settingsOf(env).capacity),
  ...Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !NOT_FOR_THE_CONTAINER.has(entry[0]),
    ),
  ),
});

const list = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
