/** The figures of a real server: in its metrics, and in its ledger after it has ended. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { directTo, endAfterEach, listening, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const post = (url: string, body: object, headers: Record<string, string>): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const KEY = { authorization: 'Bearer client-key' };

it('counts what was asked, also what was refused, and keeps it in the ledger', async () => {
  const server = start(directTo(upstream, { PROXY_API_KEY: 'client-key' }));
  const url = await listening(server);
  const messages = [{ role: 'user', content: 'Hello' }];
  await (await post(`${url}/v1/chat/completions`, { model: 'gpt-4o', messages }, KEY)).text();
  await (await post(`${url}/v1/chat/completions`, { model: 'gpt-4o', messages }, {})).text();
  await (await post(`${url}/v1/messages`, { model: 'sonnet', messages: 'x', max_tokens: 5 }, KEY)).text();

  expect((await fetch(`${url}/metrics`)).status).toBe(401);
  const response = await fetch(`${url}/metrics`, { headers: KEY });
  const text = await response.text();
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(text).toMatch(/proxy_requests_total\{dialect="openai-chat",model="claude-[^"]+",status="200"\} 1/u);
  expect(text).toContain('proxy_requests_total{dialect="openai-chat",model="none",status="401"} 2');
  expect(text).toContain('proxy_errors_total{code="invalid_request"} 1');
  expect(text).toContain('proxy_up{state="ready"} 1');

  server.child.kill('SIGTERM');
  await server.exit;
  const file = join(server.home, '.local/state/opencode-claude-proxy/proxy.db');
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare('select endpoint, status from proxy_requests order by at, id').all();
  db.close();
  expect(rows.map((row) => ({ ...row }))).toEqual(
    expect.arrayContaining([
      { endpoint: 'POST /v1/chat/completions', status: 200 },
      { endpoint: 'POST /v1/chat/completions', status: 401 },
      { endpoint: 'POST /v1/messages', status: 400 },
    ]),
  );
});
