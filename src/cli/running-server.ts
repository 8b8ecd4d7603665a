/** A server that runs already, asked over HTTP with the key of this environment. */
import { parseSettings } from '../settings/parse-settings.ts';
import { serverSettings } from '../settings/server-settings.ts';
import { CliError } from './cli-error.ts';
import { currentEnvironment } from './environment.ts';

export interface ServerAddress {
  readonly url: string;
  readonly key: string | undefined;
}

/** `--url`, or where the settings of this folder and user would have it listen. */
export const serverAddress = (url?: string): ServerAddress => {
  const { values } = parseSettings(serverSettings, currentEnvironment());
  const host = ['0.0.0.0', '::', ''].includes(values.HOST) ? '127.0.0.1' : values.HOST;
  const authority = host.includes(':') ? `[${host}]` : host;
  return {
    url: (url ?? `http://${authority}:${values.PORT}`).replace(/\/+$/u, ''),
    key: values.PROXY_API_KEY[0],
  };
};

export interface ServerReply {
  readonly status: number;
  readonly body: unknown;
}

const ANSWER_WITHIN_MS = 15_000;

/** Throws `CliError` 3 where nothing answers, 1 where the key is refused. Any other status is the caller's to read. */
export const askServer = async (
  { url, key }: ServerAddress,
  path: string,
  init: Omit<RequestInit, 'headers'> = {},
): Promise<ServerReply> => {
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }).catch((cause: unknown) => {
    throw new CliError(`No server answers at ${url} (${reasonOf(cause)}). Start one: opencode-claude-proxy start`, 3);
  });
  if (response.status === 401)
    throw new CliError(`The server at ${url} does not take this key. Set PROXY_API_KEY to one of its own.`);
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    throw new CliError(`What answers at ${url} is not this server: ${path} is no JSON.`, 3);
  }
};

const reasonOf = (thrown: unknown): string => {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
};
