/** Waits until the deployment serves: first the Worker, then the server in a container, and says what it is waiting for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './deploy.ts';
import { DeployError } from './errors.ts';

interface Waiting {
  /** Undefined where there is none, or where only its owner knows it. */
  readonly key: string | undefined;
  /** False where a container cannot be woken from here, for want of the key: then the Worker alone is waited for. */
  readonly wake: boolean;
  readonly seconds: number;
}

/** Throws `DeployError` with the last thing that was heard. */
export const waitUntilServing = async (
  url: string,
  { key, wake, seconds }: Waiting,
  { fetch, print }: World,
): Promise<void> => {
  const until = performance.now() + seconds * 1000;
  let said = '';
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    const heard = await listen(url, { key, wake }, fetch);
    if (heard.kind === 'serves') return print(wake ? '   it serves' : '   the Worker answers');
    if (heard.kind === 'never') throw new DeployError(heard.what);
    if (heard.what !== said) print(`   ${heard.what}`);
    said = heard.what;
    if (performance.now() > until)
      throw new DeployError(
        `It does not serve after ${seconds} s. The last answer: ${said}\nIt may still come; look at: npm run tail, npm run containers:list`,
      );
    await sleep(pauseMs);
  }
};

type Heard = { readonly kind: 'serves' } | { readonly kind: 'not yet' | 'never'; readonly what: string };

const listen = async (url: string, { key, wake }: Omit<Waiting, 'seconds'>, fetch: World['fetch']): Promise<Heard> => {
  try {
    const ping = await fetch(`${url}/ping`);
    if (!ping.ok)
      return { kind: 'not yet', what: `the Worker answers ${ping.status}: ${messageOf(await ping.text())}` };
    if (!wake) return { kind: 'serves' };
    const health = await fetch(`${url}/health?wake=1`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    return heardOf(health.status, messageOf(await health.text()));
  } catch (error) {
    return {
      kind: 'not yet',
      what: `the address does not answer yet (${error instanceof Error ? error.message : String(error)})`,
    };
  }
};

const heardOf = (status: number, message: string): Heard => {
  if (status === 200) return { kind: 'serves' };
  if (/refused its settings|login|log in/i.test(message))
    return { kind: 'never', what: `The server in the container cannot work: ${message}` };
  return { kind: 'not yet', what: message };
};

const messageOf = (body: string): string => {
  try {
    const { error, reason } = JSON.parse(body) as { error?: { message?: string }; reason?: string };
    return error?.message ?? reason ?? body;
  } catch {
    return body.slice(0, 200);
  }
};
