/** Checks of the way to the API: address, proxies and certificates, and the machine's clock. */
import { existsSync } from 'node:fs';
import type { Environment } from '../../settings/parse-settings.ts';
import { note, ok, problem, warning, type Finding } from './finding.ts';

const OFFICIAL = 'https://api.anthropic.com';
const ANSWER_WITHIN_MS = 10_000;
const CLOCK_TOLERANCE_MS = 60_000;
/** Claude Code does not ask the API itself behind these. */
const CLOUDS = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY'];

export const checkNetwork = async (env: Environment): Promise<readonly Finding[]> => {
  const cloud = CLOUDS.find((name) => Boolean(env[name]));
  if (cloud !== undefined) return [ok('reach', `Requests go to your cloud (${cloud}); its address is not checked`)];
  const base = env['ANTHROPIC_BASE_URL'] || OFFICIAL;
  const where = new URL(base).host;
  const redirected = base === OFFICIAL ? [] : [note('base-url', `ANTHROPIC_BASE_URL sends every request to ${where}.`)];
  try {
    // Any answer will do: the host is there, and its certificate is trusted.
    const response = await fetch(base, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return [...redirected, ok('reach', `${where} answers`), ...checkClock(response.headers.get('date'), Date.now())];
  } catch (error) {
    return [...redirected, problem('reach', `${where} cannot be reached: ${reasonOf(error)}.`, remedyFor(error, env))];
  }
};

/** A login is refused where the clock is far off. */
export const checkClock = (date: string | null, now: number): readonly Finding[] => {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return [];
  const off = Math.round((now - theirs) / 1000);
  return Math.abs(now - theirs) > CLOCK_TOLERANCE_MS
    ? [warning('clock', `This machine’s clock is ${off} s off.`, 'timedatectl set-ntp true')]
    : [ok('clock', 'The clock is right')];
};

export const checkCertificates = (env: Environment): readonly Finding[] => {
  const names = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  const missing = names.filter((name) => env[name] && !existsSync(env[name]));
  const proxy = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => Boolean(env[name]));
  return [
    ...missing.map((name) => problem('certificates', `${name} names a file that is not there.`, `unset ${name}`)),
    ...(proxy === undefined ? [] : [note('proxy', `${proxy} is set; Claude Code goes through it.`)]),
  ];
};

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
};

const remedyFor = (error: unknown, env: Environment): string => {
  if (/CERT|SELF_SIGNED|ISSUER/u.test(reasonOf(error)))
    return 'a proxy here signs by itself: set NODE_EXTRA_CA_CERTS to its certificate';
  return env['HTTPS_PROXY'] || env['https_proxy']
    ? 'is the proxy in HTTPS_PROXY right?'
    : 'is this machine online? behind a company’s proxy set HTTPS_PROXY';
};
