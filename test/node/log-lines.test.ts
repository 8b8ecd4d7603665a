/** No line of the log is as long as a caller likes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { chat, messages } from '../http/set-up.ts';
import { directTo, endAfterEach, listening, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const long = (what: string) => what.repeat(200_000);

it('stays short, whatever a caller puts into its fields', async () => {
  const server = start(directTo(upstream, { LOG_LEVEL: 'debug', PROXY_STRICT: '1' }));
  const url = await listening(server);
  const bodies: [path: string, body: unknown][] = [
    ['/v1/chat/completions', chat({ model: long('model') })],
    ['/v1/chat/completions', chat({ [long('parameter')]: 1 })],
    ['/v1/chat/completions', chat({ messages: [{ role: long('role'), content: 'x' }] })],
    ['/v1/chat/completions', chat({ tools: [{ type: long('type') }], tool_choice: long('choice') })],
    ['/v1/messages', messages({ model: long('claude-model') })],
    ['/v1/messages', messages({ tools: [{ name: long('name'), input_schema: { type: long('type') } }] })],
    ['/v1/messages', messages({ metadata: { user_id: long('user') }, [long('parameter')]: 1 })],
    ['/v1/messages', `{"model": "${long('x')}`],
    [`/v1/${'path/'.repeat(1_000)}`, {}],
  ];
  for (const [path, body] of bodies) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'agent '.repeat(1_000),
        'x-title': 'title '.repeat(200),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    await response.text();
  }
  server.child.kill('SIGTERM');
  await server.exit;
  const lines = server.output.out.split('\n');
  expect(lines.filter((line) => line.includes('"request"')).length).toBe(bodies.length);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(6_000);
});

it('says once that a name is mapped, and that a parameter has no effect', async () => {
  const server = start(directTo(upstream));
  const url = await listening(server);
  for (const model of ['gpt-4o', 'gpt-4o', 'sonnet']) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'codex/1' },
      body: JSON.stringify(chat({ model, seed: 7 })),
    });
    await response.text();
  }
  server.child.kill('SIGTERM');
  await server.exit;
  const lines = server.output.out.split('\n');
  const mapped = lines.filter((line) => line.includes('a name stands for another model'));
  const ignored = lines.filter((line) => line.includes('has no effect here'));
  expect([mapped.length, ignored.length]).toEqual([1, 1]);
  expect(JSON.parse(mapped[0] ?? '')).toMatchObject({ asked: 'gpt-4o', model: expect.stringContaining('claude-') });
  expect(JSON.parse(ignored[0] ?? '')).toMatchObject({ client: 'codex', parameter: 'seed' });
});
