/**
 * Gives a container its settings and its login over its internal endpoint, after its start, with a key that is made for
 * that start. So they are in no environment that other programs could read.
 */
import { DATABASE_HEADER } from '../../http/answer/end-mark.ts';
import { TurnError } from '../../turn/errors.ts';
import { RestartNeeded, type ContainerFetch } from './container.ts';
import type { ContainerLogin } from '../login/login-sync.ts';

/** Body of `POST /internal/bootstrap`. Fields that a side does not know are ignored: versions meet during a rollout. */
export interface BootstrapBody {
  readonly settings: Readonly<Record<string, string>>;
  /** Text of Claude Code's credentials file; kept apart because it changes while the program runs. */
  readonly credentials?: string;
  /** This side answers statements for the shared database. */
  readonly database: true;
}

export interface Bootstrapped {
  /** The server sends statements; one from before it had a database does not. */
  readonly wantsDatabase: boolean;
}

export const newBootstrapKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * 409: the program has other settings; 401: it was started by someone else. Both need a new program. Any other refusal
 * must be fixed by the owner, and its message is shown.
 */
export const bootstrap = async (fetch: ContainerFetch, key: string, body: BootstrapBody): Promise<Bootstrapped> => {
  const response = await fetch('/internal/bootstrap', {
    method: 'POST',
    headers: door(key),
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (response.ok) return { wantsDatabase: response.headers.get(DATABASE_HEADER) === 'wanted' };
  if (response.status === 409 || response.status === 401) throw new RestartNeeded(answer);
  throw new TurnError(
    'engine_unavailable',
    `The server in the container refused its settings: ${answer.slice(0, 2_000)}`,
  );
};

export const containerLogin = (fetch: ContainerFetch, key: () => string): ContainerLogin => ({
  read: async () => {
    const response = await fetch('/internal/credentials', { headers: door(key()) });
    const answer = await response.text();
    if (response.status === 401) throw new RestartNeeded('the program was started by someone else');
    if (!response.ok) throw noDoor(response);
    return (JSON.parse(answer) as { credentials?: string | null }).credentials ?? undefined;
  },
  write: async (credentials) => {
    const response = await fetch('/internal/credentials', {
      method: 'PUT',
      headers: door(key()),
      body: JSON.stringify({ credentials }),
    });
    await response.arrayBuffer();
    if (!response.ok) throw noDoor(response);
  },
});

const noDoor = ({ status }: Response): TurnError =>
  new TurnError(
    'engine_unavailable',
    `The server in the container answered ${status} when it was handed its login; its log (npm run tail) has the ` +
      `reason.`,
    { retryAfterSeconds: 10 },
  );

export const door = (key: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
});
