/** A fresh server that got no request yet: orchestrators ask it for /live, /ready and /health first. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { chat } from '../http/set-up.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, post, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const status = async (url: string): Promise<number> => (await fetch(url)).status;

describe.each([
  ['claude-code', () => claudeCodeTo(upstream)],
  ['anthropic-api', () => directTo(upstream)],
])('a fresh server with the engine %s', (_name, settings) => {
  it('lives at once, and gets ready and healthy without any request', async () => {
    upstream.clear();
    const server = start(settings());
    const url = await listening(server);
    expect(await status(`${url}/live`)).toBe(200);
    await expect.poll(() => status(`${url}/ready`), { timeout: 30_000 }).toBe(200);
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'ok' });
    expect(await status(`${url}/health`)).toBe(200);
    expect(upstream.messageRequests).toHaveLength(0);
  });
});

it('has a process before the first request, which then need not wait for one', async () => {
  const server = start(claudeCodeTo(upstream));
  const url = await listening(server);
  await expect.poll(() => status(`${url}/ready`), { timeout: 30_000 }).toBe(200);
  const { gauges } = (await (await fetch(`${url}/health`)).json()) as { gauges: Record<string, number> };
  expect(gauges['processes']).toBeGreaterThan(0);
  expect((await post(url, chat())).status).toBe(200);
});

it('answers the questions without a key, with one word and no details', async () => {
  const server = start(directTo(upstream, { PROXY_API_KEY: 'client-key' }));
  const url = await listening(server);
  for (const path of ['/live', '/ready', '/health'])
    expect(await (await fetch(url + path)).json()).toEqual({ status: 'ok' });
});

it('is not ready once it drains, and still lives', async () => {
  const server = start(directTo(upstream));
  const url = await listening(server);
  const answer = await post(
    url,
    chat({ stream: true, messages: [{ role: 'user', content: '[[slow:200]] [[text:one two three four five]]' }] }),
  );
  server.child.kill('SIGTERM');
  await expect.poll(() => status(`${url}/ready`)).toBe(503);
  expect(await status(`${url}/live`)).toBe(200);
  expect(await answer.text()).toContain('five');
});
