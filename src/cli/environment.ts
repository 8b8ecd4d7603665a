/** Where settings come from, the strongest first: flags, environment, `.env` here, the user's own file. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../settings/parse-settings.ts';

export interface Source {
  /** In words for the user: a file's path, `environment`, `flag`. */
  readonly from: string;
  readonly values: Environment;
}

/** The user's file for settings of every folder: `$XDG_CONFIG_HOME/opencode-claude-proxy/.env`. */
export const userEnvFile = (env: Environment): string =>
  join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'opencode-claude-proxy', '.env');

export const settingSources = (env: Environment, flags: Environment = {}): readonly Source[] => [
  { from: 'flag', values: flags },
  { from: 'environment', values: env },
  ...['.env', userEnvFile(env)]
    .filter((path) => existsSync(path))
    .map((path) => ({ from: path, values: parseEnv(readFileSync(path, 'utf8')) })),
];

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
