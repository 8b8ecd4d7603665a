/** Settings from the environment, parsed once, frozen, with every problem reported together. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { isLoopbackHost } from '../http/browser-guard.ts';
import { settings, type Config, type SettingName } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** One sentence a problem, each beginning with the name of the variable. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Parses what is set; empty counts as unset. */
export const parseConfig = (env: Environment): ConfigResult => {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { type, fallback }] of Object.entries(settings)) {
    const parsed = type.safeParse(env[name]?.trim() || fallback);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${name} ${parsed.error.issues[0]?.message ?? 'is not valid'}.`);
  }
  const config = Object.freeze(values) as Config;
  problems.push(...contradictions(config));
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
};

/** The environment, completed by a `.env` file where there is one; what is set in both is taken from the environment. */
export const withEnvFile = (env: Environment, path: string): Environment =>
  existsSync(path) ? { ...parseEnv(readFileSync(path, 'utf8')), ...definedOnly(env) } : env;

const contradictions = (config: Partial<Config>): readonly string[] => {
  const { HOST, PROXY_API_KEY } = config;
  if (HOST === undefined || PROXY_API_KEY === undefined || isLoopbackHost(HOST) || PROXY_API_KEY.length > 0) return [];
  return [`HOST is ${HOST}, which others can reach: set PROXY_API_KEY too, or everybody there spends your money.`];
};

const definedOnly = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));

/** The rows of the settings table for the docs. */
export const settingRows = (): readonly { name: SettingName; fallback: string; meaning: string }[] =>
  Object.entries(settings).map(([name, { fallback, meaning }]) => ({ name: name as SettingName, fallback, meaning }));
