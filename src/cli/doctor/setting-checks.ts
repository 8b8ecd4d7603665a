/** Checks of the settings: what cannot be read, contradicts itself, or is no setting at all. */
import { statSync } from 'node:fs';
import { lookalikes } from '../../node/lookalikes.ts';
import { parseConfig } from '../../node/config.ts';
import type { Config } from '../../settings/server-settings.ts';
import type { Environment } from '../../settings/parse-settings.ts';
import type { Source } from '../environment.ts';
import { unknownSettings } from '../unknown-settings.ts';
import { note, ok, problem, warning, type Finding } from './finding.ts';

export const checkSettings = (env: Environment): readonly Finding[] => {
  const parsed = parseConfig(env);
  const problems = parsed.ok
    ? []
    : parsed.problems.map((text) => problem('settings', text, 'opencode-claude-proxy config'));
  const misspelt = lookalikes(env).map(({ name, nearest }) =>
    warning('settings', `${name} is not a setting; ${nearest} is.`, `rename it to ${nearest}`),
  );
  const all = [...problems, ...misspelt, ...(parsed.ok ? checkSense(parsed.config) : [])];
  return all.length === 0 ? [ok('settings', 'Every setting can be read, and none contradicts another')] : all;
};

/** Allowed, and probably not meant. */
const checkSense = (config: Config): readonly Finding[] => {
  const {
    MAX_PROCESSES,
    MAX_CONCURRENCY,
    ENGINE,
    TURN_TIMEOUT_MS,
    STALL_ALARM_MS,
    SPARES,
    CORS_ORIGINS,
    PROXY_API_KEY,
  } = config;
  const found: Finding[] = [];
  if (ENGINE === 'claude-code' && MAX_PROCESSES !== 'auto' && MAX_PROCESSES < MAX_CONCURRENCY)
    found.push(
      note(
        'settings',
        `MAX_PROCESSES is ${MAX_PROCESSES}, so of MAX_CONCURRENCY (${MAX_CONCURRENCY}) no more turns run at once.`,
      ),
    );
  if (STALL_ALARM_MS >= TURN_TIMEOUT_MS)
    found.push(
      warning('settings', 'STALL_ALARM_MS is not below TURN_TIMEOUT_MS: it never warns.', 'lower STALL_ALARM_MS'),
    );
  if (ENGINE === 'claude-code' && MAX_PROCESSES !== 'auto' && SPARES >= MAX_PROCESSES)
    found.push(
      warning('settings', `SPARES is ${SPARES}, and MAX_PROCESSES leaves no process for turns.`, 'lower SPARES'),
    );
  if (CORS_ORIGINS.includes('*') && PROXY_API_KEY.length === 0)
    found.push(
      warning('settings', 'CORS_ORIGINS=* without PROXY_API_KEY: any web page can spend your money.', 'set a key'),
    );
  return found;
};

const READABLE_FOR_OTHERS = 0o044;

export const checkUnknown = (sources: readonly Source[]): readonly Finding[] =>
  unknownSettings(sources).map(({ name, from }) =>
    note('settings', `${name} in ${from} is no setting: nothing reads it.`, 'opencode-claude-proxy config --example'),
  );

export const checkEnvFiles = (sources: readonly Source[]): readonly Finding[] =>
  sources
    .filter(({ from }) => from.includes('.env'))
    .map(({ from }) =>
      (statSync(from).mode & READABLE_FOR_OTHERS) === 0
        ? ok('env-file', `${from} is read, and private`)
        : warning('env-file', `${from} can be read by other users of this machine.`, `chmod 600 ${from}`),
    );
