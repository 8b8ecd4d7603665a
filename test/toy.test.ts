/**
 * How much a new API and a new engine need: the two files in test/fixtures/toy. They are served here on Node and, by
 * the same table of routes, through the Worker in real workerd.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialects } from '../src/dialects/index.ts';
import { prepare } from '../src/node/run.ts';
import { createServer } from '../src/node/server.ts';
import { toy } from './fixtures/toy/dialect.ts';
import { createToyEngine } from './fixtures/toy/engine.ts';
import { KEY, root, startLab } from './worker/lab.ts';

interface Host {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const onNode = async (): Promise<Host> => {
  const { parts } = await prepare({
    ENGINE: 'anthropic-api',
    ANTHROPIC_API_KEY: 'not used',
    PROXY_API_KEY: KEY,
    PORT: '0',
    LOG_LEVEL: 'silent',
  });
  return createServer({ ...parts, engine: createToyEngine(), dialects: [...dialects, toy] });
};

const onWorkerd = (): Promise<Host> =>
  startLab({
    entry: 'test/worker/entries/toy.ts',
    image: {
      command: join(root, 'node_modules/.bin/node'),
      args: [join(root, 'test/fixtures/toy/server.ts')],
      env: { HOST: '127.0.0.1', LOG_LEVEL: 'silent' },
    },
  });

describe.each([
  ['Node', onNode],
  ['workerd', onWorkerd],
])('a toy API and a toy engine on %s', (_, start) => {
  let host: Host;
  beforeAll(async () => {
    host = await start();
  });
  afterAll(() => host.close());

  const ask = (path: string, body?: object, key = KEY): Promise<Response> =>
    fetch(new URL(path, host.url), {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });

  it('answers', async () => {
    const response = await ask('/toy/ask', { ask: 'hello' });
    expect([response.status, await response.json()]).toEqual([200, { said: 'You said: hello' }]);
  });

  it('streams', async () => {
    const response = await ask('/toy/ask', { ask: 'hello', stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toContain('event: word\ndata: You said: hello\n\nevent: end');
  });

  it('writes every error in its own words', async () => {
    const codes = await Promise.all(
      [
        ask('/toy/ask', { ask: 'fail' }),
        ask('/toy/ask', {}),
        ask('/toy/nothing', {}),
        ask('/toy/ask', { ask: 'x' }, 'wrong'),
      ].map(async (asked) => {
        const response = await asked;
        return [response.status, ((await response.json()) as { toyError: string }).toyError];
      }),
    );
    expect(codes).toEqual([
      [529, 'upstream_overloaded'],
      [400, 'invalid_request'],
      [404, 'route_not_found'],
      [401, 'authentication'],
    ]);
  });

  it('lists models, and the other APIs are there too', async () => {
    expect(await (await ask('/toy/models')).json()).toMatchObject({ toys: expect.arrayContaining(['sonnet']) });
    const chat = await ask('/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });
    expect(await chat.json()).toMatchObject({ choices: [{ message: { content: 'You said: hi' } }] });
  });
});
