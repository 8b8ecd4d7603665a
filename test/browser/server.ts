/** The server as a user runs it: the demo with the real Claude Code, an admin key, and a ledger of some days. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { emptyPlan, type PlanState } from '../../src/access/limits/plan-state.ts';
import { createStore } from '../../src/node/store.ts';
import { createRecorder } from '../../src/store/ledger/recorder.ts';
import type { Browser } from 'playwright-core';
import { launchBrowser, type Watched } from './browser.ts';
import type { RequestSummary } from '../../src/turn/request-summary.ts';
import { systemClock } from '../../src/util/clock.ts';
import { quietLog } from '../http/scripted-engine.ts';
import { listening, newHome, start, type SpawnedServer } from '../node/spawned-server.ts';

export const OWNER_KEY = 'owner-key-of-the-test';

export interface BrowsedServer {
  readonly url: string;
  /** A request with the owner's key, or with another one. */
  readonly ask: (path: string, options?: Asking) => Promise<Response>;
  readonly close: () => Promise<void>;
}

export interface Asking {
  readonly body?: unknown;
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

export const startServer = async (
  past: readonly RequestSummary[] = [],
  env: Record<string, string> = {},
  plan?: PlanState,
): Promise<BrowsedServer> => {
  const home = newHome();
  const stateDir = join(home, 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  await record(past, stateDir, plan);
  const server = start(
    { PORT: '0', HOST: '127.0.0.1', PROXY_API_KEY: OWNER_KEY, STATE_DIR: stateDir, ...env },
    { args: ['demo'], home },
  );
  const url = await listening(server).catch(async (error: unknown) => {
    await end(server);
    throw error;
  });
  return {
    url,
    ask: (path, { body, method, key = OWNER_KEY, headers = {} } = {}) =>
      fetch(`${url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      }),
    close: () => end(server),
  };
};

/** Both, or none of them. */
export const withBrowser = async (starting: Promise<BrowsedServer>): Promise<[Browser, BrowsedServer]> => {
  const [browser, server] = await Promise.allSettled([launchBrowser(), starting]);
  if (browser.status === 'fulfilled' && server.status === 'fulfilled') return [browser.value, server.value];
  for (const each of [browser, server]) if (each.status === 'fulfilled') await each.value.close();
  throw new Error('The browser or the server did not start.', {
    cause: [browser, server].map((each) => (each.status === 'rejected' ? each.reason : undefined)),
  });
};

/** As Ctrl-C does it, and by force where that does not help. */
const end = async ({ child, exit, home }: SpawnedServer): Promise<void> => {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(force);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
};

/** Writes rows of the ledger, and what is known of the plan, as the server does. */
const record = async (past: readonly RequestSummary[], stateDir: string, plan?: PlanState): Promise<void> => {
  if (past.length === 0 && plan === undefined) return;
  const settings = {
    DATABASE_URL: '',
    LEDGER_DAYS: 90,
    LOG_CONTENT_DAYS: 7,
    RESPONSE_DAYS: 30,
    RESPONSE_STORE_MB: 10,
  };
  const store = createStore(settings, { stateDir, clock: systemClock, log: quietLog });
  const recorder = createRecorder(store, systemClock, quietLog);
  for (const summary of past) recorder.record(summary);
  if (plan !== undefined) {
    const stored = store.sharedValue<PlanState>({ id: 'plan', initial: emptyPlan, parse: () => plan });
    await stored.change(() => ({ value: plan, result: undefined }));
  }
  await recorder.close(10_000);
  await store.close();
};

/** As a person does it. */
export const login = async ({ page, expected }: Watched, key = OWNER_KEY): Promise<void> => {
  // The page that asks for the key is answered with 401.
  expected.push(/status of 401/u);
  await page.goto('/dashboard');
  await page.getByLabel('Admin key').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
};
