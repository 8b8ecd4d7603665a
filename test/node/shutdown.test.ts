/** The end of the server process: what is logged, and what becomes of answers that are running or being read. */
import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, logOf, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const endings = (server: Parameters<typeof logOf>[0]): readonly unknown[] =>
  logOf(server)
    .map(({ msg }) => String(msg))
    .filter((msg) => /^end(ing|ed)/.test(msg))
    .map((msg) => msg.slice(0, 6));

it('logs its end in order, and to the last line', async () => {
  const servers = Array.from({ length: 6 }, () => start(directTo(upstream)));
  await Promise.all(servers.map(listening));
  for (const server of servers) {
    server.child.kill('SIGTERM');
    expect((await server.exit)[0]).toBe(0);
    expect(endings(server)).toEqual(['ending', 'ended']);
  }
});

const body = (content: string) => ({ stream: true, max_tokens: 100, messages: [{ role: 'user', content }] });
const cases = [
  ['/v1/chat/completions', { model: 'gpt-4o', ...body('[[hang:1]]') }],
  ['/v1/completions', { model: 'gpt-4o', stream: true, prompt: '[[hang:1]]' }],
  ['/v1/messages', { model: 'haiku', ...body('[[hang:1]]') }],
] as const;

describe.each([
  ['claude-code', () => claudeCodeTo(upstream, { DRAIN_TIMEOUT_MS: '300' })],
  ['anthropic-api', () => directTo(upstream, { DRAIN_TIMEOUT_MS: '300' })],
])('an answer that does not finish in time, with the engine %s', (_name, settings) => {
  it('ends with an error in its dialect, streamed or not, and the process with 0', async () => {
    upstream.clear();
    const server = start(settings());
    const url = await listening(server);
    const ask = (path: string, content: object): Promise<Response> =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(content),
      });
    const streams = await Promise.all(cases.map(([path, content]) => ask(path, content)));
    const whole = ask('/v1/messages', { ...cases[2][1], stream: false });
    await until(() => upstream.messageRequests.length === 4);
    server.child.kill('SIGTERM');
    for (const stream of streams) {
      expect(stream.status).toBe(200);
      expect(await stream.text()).toMatch(
        /\ndata: \{.*"error".*The server is shutting down.*\}\n\n(data: \[DONE\]\n\n)?$/,
      );
    }
    expect((await whole).status).toBe(503);
    expect((await server.exit)[0]).toBe(0);
  });
});

/** More than the buffers of a connection hold. */
const LONG = `[[text:${'x'.repeat(20_000_000)}]]`;

/** Asks, and reads nothing until it is told to. */
const unread = async (url: string, content: object): Promise<IncomingMessage> => {
  const asking = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  asking.end(JSON.stringify(content));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.pause();
  return answer;
};

it('an answer that is read slowly is read to its end', async () => {
  const server = start(directTo(upstream));
  const url = await listening(server);
  const answer = await unread(url, { model: 'gpt-4o', messages: [{ role: 'user', content: LONG }] });
  server.child.kill('SIGTERM');
  await until(() => endings(server).length === 1);
  // Longer than the server gives last bytes that are not read at all.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let read = '';
  for await (const chunk of answer.setEncoding('utf8')) read += String(chunk);
  expect(JSON.parse(read)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  expect((await server.exit)[0]).toBe(0);
});
