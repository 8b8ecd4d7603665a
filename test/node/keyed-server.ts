/** A real server with its SQLite database in a directory of its own, over a scripted engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createWebhook } from '../../src/node/alerts.ts';
import { parseConfig } from '../../src/node/config.ts';
import { createServer, type RunningServer } from '../../src/node/server.ts';
import { createStore } from '../../src/node/store.ts';
import { createUpstreamFetch } from '../../src/node/upstream-fetch.ts';
import { systemClock } from '../../src/util/clock.ts';
import type { Log } from '../../src/util/log.ts';
import { quietLog, ScriptedEngine, type Script } from '../http/scripted-engine.ts';

const running: { server: RunningServer; stateDir: string }[] = [];
afterEach(async () => {
  const ended = running.splice(0);
  for (const { server } of ended) await server.close();
  for (const { stateDir } of ended) rmSync(stateDir, { recursive: true, force: true });
});

export const OWNER = { authorization: 'Bearer owner-key' };

interface Given {
  readonly script?: Script;
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: Log;
  /** Of another server, to share its database. */
  readonly stateDir?: string;
}

export const newStateDir = (): string => mkdtempSync(join(tmpdir(), 'keyed-server-'));

export const startKeyed = async ({ script, env = {}, log = quietLog, stateDir = newStateDir() }: Given = {}) => {
  const parsed = parseConfig({ PORT: '0', DRAIN_TIMEOUT_MS: '1000', PROXY_API_KEY: 'owner-key', ...env });
  if (!parsed.ok) throw new Error(parsed.problems.join());
  const engine = new ScriptedEngine(script);
  const store = createStore(parsed.config, { stateDir, clock: systemClock, log });
  const webhook = createWebhook(parsed.config, createUpstreamFetch({}));
  const outlets = webhook === undefined ? {} : { webhook };
  const server = await createServer({ config: parsed.config, engine, store, login: 'a login', log, outlets });
  running.push({ server, stateDir });
  /** A body makes it a POST unless a method is given. */
  const ask = (
    path: string,
    { body, headers = OWNER, method }: { body?: unknown; headers?: Record<string, string>; method?: string } = {},
  ): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  return { server, engine, store, ask, bearer, stateDir };
};
