/** Where settings come from, the strongest first: flags, environment, `.env` here, the user's own file. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { secretsOf } from '../node/login/secrets.ts';
import type { Log } from '../util/log.ts';
import type { Environment } from '../settings/parse-settings.ts';

export interface Source {
  /** As shown to the user: a file's path, `environment`, `flag`. */
  readonly from: string;
  readonly values: Environment;
}

/** The user's file for settings of every folder: `$XDG_CONFIG_HOME/opencode-claude-proxy/.env`. */
export const userEnvFile = (env: Environment): string =>
  join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'opencode-claude-proxy', '.env');

export const settingSources = (env: Environment, flags: Environment = {}): readonly Source[] => [
  { from: 'flag', values: flags },
  { from: 'environment', values: env },
  ...envFiles(env),
];

const envFiles = (env: Environment): readonly Source[] =>
  ['.env', userEnvFile(env)]
    .filter((path) => existsSync(path))
    .map((path) => ({ from: path, values: parseEnv(readFileSync(path, 'utf8')) }));

/** A file with a key in it that others on this machine can read is warned of, with what to do. */
export const warnOfOpenFiles = (log: Pick<Log, 'warn'>): void => {
  for (const { from, values } of envFiles(process.env)) {
    if (secretsOf(values).length > 0 && (statSync(from).mode & READABLE_FOR_OTHERS) !== 0)
      log.warn({ file: from }, `${from} holds a key and can be read by other users of this machine: chmod 600 ${from}`);
  }
};

const READABLE_FOR_OTHERS = 0o044;

/** All sources as one environment; an empty value counts as not set. */
export const mergedEnvironment = (sources: readonly Source[]): Record<string, string> => {
  const merged: Record<string, string> = {};
  for (const { values } of sources.toReversed()) {
    for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') merged[name] = value;
  }
  return merged;
};

export const currentEnvironment = (flags: Environment = {}): Record<string, string> =>
  mergedEnvironment(settingSources(process.env, flags));
