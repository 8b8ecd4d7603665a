/** The real server on a free loopback port, over a scripted engine. */
import { afterEach } from 'vitest';
import { parseConfig } from '../../src/node/config.ts';
import { createServer, type RunningServer } from '../../src/node/server.ts';
import type { ServerLimits } from '../../src/node/socket/http-server.ts';
import type { Log } from '../../src/util/log.ts';
import { quietLog, ScriptedEngine, type Script } from '../http/scripted-engine.ts';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: Script;
  readonly log?: Log;
  readonly limits?: Partial<ServerLimits>;
}

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/** Ends with the test. */
export const startServer = async ({ env = {}, script, log = quietLog, limits }: Given = {}) => {
  const parsed = parseConfig({ PORT: '0', DRAIN_TIMEOUT_MS: '1000', MODEL_TRACK: 'pinned', ...env });
  if (!parsed.ok) throw new Error(parsed.problems.join());
  const engine = new ScriptedEngine(script);
  const parts = { config: parsed.config, engine, login: 'a login', log };
  const server = await createServer(limits === undefined ? parts : { ...parts, limits });
  running.push(server);
  const post = (body: unknown, { headers = {}, ...init }: Init = {}) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      ...init,
    });
  return { server, engine, post };
};
