/** Which server a client is connected to, and how it gets the key. */
import { currentEnvironment } from '../environment.ts';
import { serverAddress } from '../running-server.ts';
import { CliError } from '../cli-error.ts';
import type { Target } from './client.ts';
import { clientModels } from './models.ts';

export interface TargetOptions {
  readonly url?: string;
  readonly keyEnv?: string;
}

/** The address without options: this machine, as the settings have it. */
export const targetOf = ({ url, keyEnv }: TargetOptions): Target => {
  if (keyEnv !== undefined && !/^[A-Za-z_]\w*$/u.test(keyEnv))
    // A key in its place must not be repeated.
    throw new CliError('--key-env takes the name of a variable, never the key itself.', 2);
  if (url !== undefined && !/^https?:$/u.test(URL.parse(url)?.protocol ?? ''))
    throw new CliError('--url must look like http://127.0.0.1:8080.', 2);
  const variable = keyEnv ?? (isKeyNeeded(url) ? 'PROXY_API_KEY' : undefined);
  return {
    // Both forms are seen in the wild, and only one of them works for every client.
    url: serverAddress(url).url.replace(/\/v1$/u, ''),
    ...(variable !== undefined && { keyEnv: variable }),
    models: clientModels(Date.now()),
  };
};

/** A server on another machine has one, or anybody could use it. */
const isKeyNeeded = (url: string | undefined): boolean =>
  currentEnvironment()['PROXY_API_KEY'] !== undefined || (url !== undefined && !isLoopback(new URL(url).hostname));

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || host.startsWith('127.');
