/** A login that the API refuses: what clients, the log and health say of it. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { loginAdvice } from '../../src/node/login/login-advice.ts';
import { chat } from '../http/set-up.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, logOf, post, start } from './spawned-server.ts';

/** A demo upstream whose login expires and is renewed as the test says. */
let expired = false;
let upstream: DemoUpstream;
let gate: Server;
let url: string;
beforeAll(async () => {
  upstream = await startDemoUpstream();
  gate = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (expired) {
        const error = { type: 'authentication_error', message: 'OAuth token has expired.' };
        response.writeHead(401, { 'content-type': 'application/json', 'retry-after': '2' });
        response.end(JSON.stringify({ type: 'error', error }));
        return;
      }
      const headers = Object.entries(request.headers).filter(([name]) =>
        /^(content-type|x-api-key|anthropic-|authorization)/.test(name),
      );
      void fetch(upstream.url + request.url, {
        method: request.method ?? 'GET',
        headers: Object.fromEntries(headers) as Record<string, string>,
        ...(request.method === 'POST' && { body: Buffer.concat(chunks) }),
      }).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(await answer.text());
      });
    });
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
});
afterAll(async () => {
  gate.closeAllConnections();
  gate.close();
  await upstream.close();
});
endAfterEach();

describe.each([
  ['claude-code', () => claudeCodeTo({ url })],
  ['anthropic-api', () => directTo({ url })],
])('an expired login, with the engine %s', (_name, settings) => {
  it("is told as the proxy's own, logged once as an error, and shown by health until a turn succeeds", async () => {
    expired = true;
    const server = start(settings());
    const address = await listening(server);
    for (const stream of [false, true]) {
      const refused = await post(address, chat({ stream }));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([401, null]);
      const { error } = (await refused.json()) as { error: { message: string } };
      expect(error.message).toBe(
        "The proxy's own login (ANTHROPIC_API_KEY) was refused by the API at ANTHROPIC_BASE_URL: OAuth token has expired. " +
          'On the server: set ANTHROPIC_API_KEY to the new API key and start the server again.',
      );
    }
    const errors = logOf(server).filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ code: 'upstream_authentication', msg: expect.stringContaining('has expired') }]);
    const health = await fetch(`${address}/health`);
    expect([health.status, await health.json()]).toMatchObject([
      503,
      { status: 'degraded', reason: expect.stringContaining("The proxy's own login") },
    ]);
    // Its clients get the API's word on it; a balancer has no better server.
    expect((await fetch(`${address}/ready`)).status).toBe(200);

    expired = false;
    expect((await post(address, chat())).status).toBe(200);
    expect((await fetch(`${address}/health`)).status).toBe(200);
  });
});

it('one request that is refused for itself degrades nothing', async () => {
  expired = false;
  const server = start(directTo(upstream));
  const address = await listening(server);
  const refused = await post(address, chat({ messages: [{ role: 'user', content: '[[error:403]]' }] }));
  expect(refused.status).toBe(403);
  expect((await fetch(`${address}/health`)).status).toBe(200);
});

it.each([
  [{ kind: 'oauth-token', from: 'CLAUDE_CODE_OAUTH_TOKEN' }, 'npm run claude -- setup-token'],
  [{ kind: 'oauth-creds', from: 'CLAUDE_OAUTH_CREDS' }, '.credentials.json'],
  [{ kind: 'api-key', from: 'ANTHROPIC_API_KEY' }, 'API key'],
  [{ kind: 'auth-token', from: 'ANTHROPIC_AUTH_TOKEN' }, 'set ANTHROPIC_AUTH_TOKEN'],
  [{ kind: 'bedrock', from: 'CLAUDE_CODE_USE_BEDROCK' }, 'CLAUDE_CODE_USE_BEDROCK'],
  [{ kind: 'existing-login', from: 'the Claude Code login in /home/me/.claude' }, 'npm run claude -- auth login'],
] as const)('the advice for %j says what helps', (login, what) => {
  const { name, remedy } = loginAdvice(login, {});
  expect(remedy).toContain(what);
  expect(name + remedy).not.toContain('/home/me');
});
