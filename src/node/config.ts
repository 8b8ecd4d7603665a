/** Settings from the environment, parsed once, frozen, with every problem reported together. */
import { trustedProxies } from './socket/client-address.ts';
import { isLoopbackHost } from '../http/request/browser-guard.ts';
import { parseSettings, type Environment } from '../settings/parse-settings.ts';
import { serverSettings, type Config } from '../settings/server-settings.ts';

export type { Environment } from '../settings/parse-settings.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** One sentence a problem, each beginning with the name of the variable. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Parses what is set; empty counts as unset. */
export const parseConfig = (env: Environment): ConfigResult => {
  const { values: config, problems } = parseSettings(serverSettings, env);
  const all = [
    ...problems,
    ...problemsOfBaseUrl(env['ANTHROPIC_BASE_URL']?.trim() ?? ''),
    ...problemsOfProxies(config.TRUSTED_PROXIES),
    ...contradictions(config),
  ];
  return all.length === 0 ? { ok: true, config } : { ok: false, problems: all };
};

/** Its value is never repeated: it may hold a password. Neither `fetch` nor Claude Code takes one from there. */
const problemsOfBaseUrl = (value: string): readonly string[] => {
  if (value === '') return [];
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) return ['ANTHROPIC_BASE_URL must be an http or https address.'];
  if (url.username === '' && url.password === '') return [];
  return [
    'ANTHROPIC_BASE_URL must not hold a user name or a password: set ANTHROPIC_AUTH_TOKEN for a gateway that asks ' +
      'for a token.',
  ];
};

const problemsOfProxies = (entries: readonly string[]): readonly string[] =>
  trustedProxies(entries) === undefined
    ? ['TRUSTED_PROXIES must be addresses, ranges such as 10.0.0.0/8, loopback or private.']
    : [];

const contradictions = (config: Config): readonly string[] => {
  const { HOST, PROXY_API_KEY } = config;
  if (isLoopbackHost(HOST) || PROXY_API_KEY.length > 0) return [];
  return ['HOST is an address that others can reach: set PROXY_API_KEY too, or everybody there spends your money.'];
};
