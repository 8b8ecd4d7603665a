/**
 * Waits until the deployment serves: the Worker, the server in a container, its login; and says what it is waiting for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './deploy.ts';
import { ownCommand } from '../util/own-command.ts';
import { NotServingError } from './errors.ts';
import { LOG_COMMAND } from './log-command.ts';

interface Waiting {
  /** Undefined where there is none, or where only its owner knows it. */
  readonly key: string | undefined;
  /** False where a container cannot be woken from here, for want of the key: then the Worker alone is waited for. */
  readonly wake: boolean;
  readonly seconds: number;
}

/** Throws `NotServingError` with the last thing that was heard. */
export const waitUntilServing = async (
  url: string,
  { key, wake, seconds }: Waiting,
  { fetch, print }: World,
): Promise<void> => {
  const until = performance.now() + seconds * 1000;
  let said = '';
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    const heard = await listen({ url, key, wake, fetch });
    if (heard.kind === 'serves') return print(wake ? '   it serves' : '   the Worker answers');
    if (heard.kind === 'never')
      throw new NotServingError(
        `It is deployed and cannot serve: ${heard.what}\n` +
          `With another login: PROXY_URL=${url} ${ownCommand('deploy', '--renew')}`,
      );
    if (heard.what !== said) print(`   ${heard.what}`);
    said = heard.what;
    if (performance.now() > until)
      throw new NotServingError(
        `It is deployed and does not serve after ${seconds} s. The last answer: ${said}\n` +
          `It may still come; look at: ${LOG_COMMAND}, npx wrangler containers list`,
      );
    await sleep(pauseMs);
  }
};

type Heard = { readonly kind: 'serves' } | { readonly kind: 'not yet' | 'never'; readonly what: string };

interface Listening extends Omit<Waiting, 'seconds'> {
  readonly url: string;
  readonly fetch: World['fetch'];
}

const listen = async ({ url, key, wake, fetch }: Listening): Promise<Heard> => {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  try {
    const ping = await fetch(`${url}/ping`);
    if (!ping.ok)
      return { kind: 'not yet', what: `the Worker answers ${ping.status}: ${messageOf(await ping.text())}` };
    if (!wake) return { kind: 'serves' };
    const health = await fetch(`${url}/health?wake=1`, { headers });
    const server = ofServer(health.status, messageOf(await health.text()));
    if (server.kind !== 'serves') return server;
    // Free, and as real as a turn: Claude has to accept the login for it.
    const count = await fetch(`${url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    return ofClaude(count.status, messageOf(await count.text()));
  } catch (error) {
    return {
      kind: 'not yet',
      what: `the address does not answer yet (${error instanceof Error ? error.message : String(error)})`,
    };
  }
};

const ofServer = (status: number, message: string): Heard => {
  if (status === 200) return { kind: 'serves' };
  if (/refused its settings|not logged in/i.test(message)) return { kind: 'never', what: message };
  // For some seconds the version from before answers in places, with the key from before.
  if (status === 401) return { kind: 'not yet', what: `the Worker does not know this key: ${message}` };
  return { kind: 'not yet', what: message };
};

const ofClaude = (status: number, message: string): Heard => {
  if (status === 200) return { kind: 'serves' };
  if (status === 401 || status === 403) return { kind: 'never', what: `Claude refuses the login: ${message}` };
  return { kind: 'not yet', what: `counting tokens failed (${status}): ${message}` };
};

const messageOf = (body: string): string => {
  try {
    const { error, reason } = JSON.parse(body) as { error?: { message?: string }; reason?: string };
    return error?.message ?? reason ?? body;
  } catch {
    return body.slice(0, 200);
  }
};
