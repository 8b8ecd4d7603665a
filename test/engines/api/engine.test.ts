import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../../src/demo/upstream.ts';
import { createApiEngine, type ApiEngineOptions } from '../../../src/engines/api/engine.ts';
import { retryAfterSeconds } from '../../../src/engines/api/retry-after.ts';
import { CATALOG } from '../../../src/models/catalog.ts';
import { createUpstreamFetch } from '../../../src/node/upstream-fetch.ts';
import type { Engine } from '../../../src/turn/engine.ts';
import { TurnError } from '../../../src/turn/errors.ts';
import { foldMessage } from '../../../src/turn/fold.ts';
import { HandClock } from '../../access/hand-clock.ts';
import { collect, MODEL, noticesOf, textOf, turnOf } from './support.ts';

let upstream: DemoUpstream;
let waits: number[];

beforeAll(async () => {
  upstream = await startDemoUpstream();
});
beforeEach(() => {
  upstream.clear();
  waits = [];
});
afterAll(() => upstream.close());

const urlOf = (input: Parameters<typeof fetch>[0]): string => (input instanceof Request ? input.url : input.toString());
const smallPages: typeof fetch = (input, init) => fetch(urlOf(input).replace('limit=100', 'limit=2'), init);
const lastEvent = new TextEncoder().encode('data: {"type":"message_stop"}\n\n');
const neverClosing = (): Promise<Response> =>
  Promise.resolve(new Response(new ReadableStream({ start: (stream) => stream.enqueue(lastEvent) })));
const noSignal = (): AbortSignal => new AbortController().signal;
/** The built-in `fetch`, or what the server uses on Node (see engine-on-node.test.ts). */
const client = process.env['UPSTREAM_CLIENT'] === 'node' ? { fetch: createUpstreamFetch({}) } : {};
const engineWith = (options: Partial<ApiEngineOptions> = {}): Engine =>
  createApiEngine({
    apiKey: 'demo',
    baseUrl: upstream.url,
    wait: async (ms) => void waits.push(ms),
    ...client,
    ...options,
  });
const run = (text: string, options: Partial<ApiEngineOptions> = {}) =>
  collect(engineWith(options).run(turnOf(text), noSignal()));

describe('a turn', () => {
  test('reaches the upstream exactly, and its answer is the stream', async () => {
    const turn = turnOf(
      'hello',
      { temperature: 0.5, system: 'Be x', stop_sequences: ['END'], metadata: { user_id: 'u' } },
      ['beta-1', 'beta-2'],
    );
    const message = await foldMessage(engineWith().run(turn, noSignal()));
    expect(message.content).toEqual([
      { type: 'text', text: 'Demo upstream (no model): you said: hello', citations: null },
    ]);
    const [asked] = upstream.requests;
    expect(asked).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      body: { ...turn.request, stream: true },
      completed: true,
    });
    expect(Object.keys(asked?.body as object).sort()).toEqual([...Object.keys(turn.request), 'stream'].sort());
    expect(asked?.headers).toMatchObject({
      'x-api-key': 'demo',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'beta-1,beta-2',
    });
    expect(asked?.headers['authorization']).toBeUndefined();
  });

  test('begins with the route and the headers of the upstream', async () => {
    upstream.enqueue({
      content: [{ type: 'text', text: 'x' }],
      headers: { 'anthropic-ratelimit-tokens-remaining': '7', 'x-other': 'no' },
    });
    const { events } = await run('hello');
    expect(events.slice(0, 3)).toMatchObject([
      { type: 'notice', notice: { kind: 'strategy', strategy: 'direct' } },
      {
        type: 'notice',
        notice: {
          kind: 'headers',
          headers: {
            'anthropic-ratelimit-tokens-remaining': '7',
            'request-id': expect.stringMatching(/^req_/) as unknown,
          },
        },
      },
      { type: 'message_start' },
    ]);
    expect(JSON.stringify(events)).not.toContain('x-other');
    expect(events).toContainEqual({ type: 'ping' });
  });

  test.each(['/', '/v1', '/v1/'])('a base URL that ends in %s means the same', async (end) => {
    expect(textOf((await run('hello', { baseUrl: upstream.url + end })).events)).toContain('you said: hello');
  });

  test('a token goes as a bearer', async () => {
    const { error } = await collect(
      createApiEngine({ authToken: 'secret', baseUrl: upstream.url, ...client }).run(turnOf('hello'), noSignal()),
    );
    expect(error).toBeUndefined();
    expect(upstream.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret' });
    expect(upstream.requests[0]?.headers['x-api-key']).toBeUndefined();
  });

  test('a short name becomes the newest model of its family', async () => {
    const engine = engineWith();
    for (const model of ['sonnet', 'opus', 'default', 'claude-haiku-4-5'])
      await collect(engine.run(turnOf('hello', { model }), noSignal()));
    expect(upstream.messageRequests.map(({ body }) => (body as { model: string }).model)).toEqual([
      'claude-sonnet-5-5',
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-haiku-4-5',
    ]);
    expect(upstream.requests.filter(({ path }) => path.startsWith('/v1/models'))).toHaveLength(1);
  });
});

describe('asking again', () => {
  test('until the answer begins, and says so', async () => {
    const { events, error } = await run('[[error:529 times=2]] fine');
    expect(error).toBeUndefined();
    expect(textOf(events)).toContain('you said: fine');
    expect(noticesOf(events).filter(({ kind }) => kind === 'retry')).toMatchObject([
      { attempt: 1, status: 529 },
      { attempt: 2, status: 529 },
    ]);
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeGreaterThanOrEqual(375);
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(waits[1]).toBeGreaterThanOrEqual(750);
    expect(waits[1]).toBeLessThanOrEqual(1000);
  });

  test('after as long as the upstream says', async () => {
    const { events } = await run('[[error:429 retry-after=7 times=1]] fine');
    expect(waits).toEqual([7000]);
    expect(noticesOf(events)).toContainEqual({ kind: 'retry', attempt: 1, delayMs: 7000, status: 429 });
  });

  test('but not when that is too long: the caller hears of it', async () => {
    const { events, error } = await run('[[error:429 retry-after=600]]');
    expect(error).toMatchObject({ code: 'upstream_rate_limited', retryAfterSeconds: 600 });
    expect(upstream.requests).toHaveLength(1);
    expect(noticesOf(events)).toContainEqual(
      expect.objectContaining({
        kind: 'headers',
        headers: expect.objectContaining({ 'retry-after': '600' }) as unknown,
      }),
    );
  });

  test('only so often', async () => {
    const { error } = await run('[[error:500]]', { maxRetries: 3 });
    expect(error).toMatchObject({ code: 'upstream_error', message: 'Internal server error' });
    expect(upstream.requests).toHaveLength(4);
  });

  test.each([
    [{ 'x-should-retry': 'false' }, 529, 1],
    [{ 'x-should-retry': 'true' }, 400, 3],
  ])('as the upstream advises: %j', async (headers, status, times) => {
    upstream.script(() => ({ failure: { status, headers } }));
    await run('hello');
    expect(upstream.requests).toHaveLength(times);
  });

  test('a lost connection too, before the answer', async () => {
    const closed = await startDemoUpstream();
    await closed.close();
    const { events, error } = await run('hello', { baseUrl: closed.url });
    expect(error).toMatchObject({
      code: 'upstream_unreachable',
      message: 'The upstream cannot be reached (ECONNREFUSED).',
    });
    expect(noticesOf(events)).toMatchObject([
      { kind: 'strategy' },
      { kind: 'retry', attempt: 1, status: null },
      { kind: 'retry', attempt: 2, status: null },
    ]);
  });

  test('never after the answer has begun', async () => {
    const cut = await run('[[cut:2]] one two three');
    expect(cut.error).toMatchObject({ code: 'upstream_error', message: expect.stringContaining('broke') as unknown });
    expect(textOf(cut.events)).toBe('Demo upstream');
    const reported = await run('[[error-mid:overloaded_error after=1]] one two three');
    expect(reported.error).toMatchObject({ code: 'upstream_overloaded', message: 'Overloaded' });
    expect(upstream.requests).toHaveLength(2);
  });

  test.each([
    [{ 'retry-after': '3' }, 3],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
    [{ 'retry-after': 'Sun, 22 Nov 2026 12:00:10 GMT' }, 10],
    [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('%j is %s seconds', (headers, seconds) => {
    expect(retryAfterSeconds(new Headers(headers as Record<string, string>), Date.UTC(2026, 10, 22, 12))).toBe(seconds);
  });
});

describe('errors of the upstream', () => {
  test.each([
    [400, 'upstream_invalid_request'],
    [401, 'upstream_authentication'],
    [402, 'upstream_billing'],
    [403, 'upstream_permission'],
    [404, 'upstream_not_found'],
    [413, 'upstream_too_large'],
    [429, 'upstream_rate_limited'],
    [500, 'upstream_error'],
    [504, 'upstream_timeout'],
    [529, 'upstream_overloaded'],
  ])('%s is %s, in its own words', async (status, code) => {
    upstream.script(() => ({ failure: { status, message: `Words for ${status}` } }));
    expect((await run('hello', { maxRetries: 0 })).error).toMatchObject({ code, message: `Words for ${status}` });
  });

  test('what the error says beyond its message is kept', async () => {
    const details = { error_code: 'thread_unsupported_request' };
    const answer = () =>
      Promise.resolve(
        Response.json(
          { type: 'error', error: { type: 'invalid_request_error', message: 'No', details } },
          { status: 400 },
        ),
      );
    expect((await run('hello', { fetch: answer })).error).toMatchObject({
      code: 'upstream_invalid_request',
      details: { details },
    });
  });

  test.each([
    [502, '<html>bad gateway</html>', 'upstream_error'],
    [404, '', 'upstream_not_found'],
    [307, '', 'upstream_error'],
    [418, 'null', 'upstream_invalid_request'],
  ])('a gateway that answers %s with %j', async (status, text, code) => {
    const answer = () => Promise.resolve(new Response(text, { status }));
    expect((await run('hello', { fetch: answer })).error).toMatchObject({
      code,
      message: `The upstream answered with status ${status}.`,
    });
  });
});

describe('the end of a turn', () => {
  test.each(['[[hang]]', '[[hang:1]]', '[[slow:60000]]'])(
    '%s: aborting the signal aborts the upstream request',
    async (text) => {
      const caller = new AbortController();
      const running = collect(engineWith().run(turnOf(text), caller.signal));
      await expect.poll(() => upstream.requests[0]?.body).toBeDefined();
      caller.abort();
      expect((await running).error?.code).toBe('client_closed');
      await expect.poll(() => upstream.requests[0]).toMatchObject({ aborted: true });
    },
  );

  test('the reason of the abort is the error', async () => {
    const reason = new TurnError('turn_timeout', 'Too long.');
    const { error } = await collect(engineWith().run(turnOf('hello'), AbortSignal.abort(reason)));
    expect(error).toBe(reason);
    expect(upstream.requests).toHaveLength(0);
  });

  test('a pause between tries ends with the signal', async () => {
    const caller = new AbortController();
    const running = collect(
      createApiEngine({ apiKey: 'demo', baseUrl: upstream.url, ...client }).run(
        turnOf('[[error:429 retry-after=30]]'),
        caller.signal,
      ),
    );
    await expect.poll(() => upstream.requests[0]?.completed).toBe(true);
    caller.abort();
    expect((await running).error?.code).toBe('client_closed');
  });

  test('leaving the loop early aborts the upstream request', async () => {
    const engine = engineWith();
    for await (const event of engine.run(turnOf('[[slow:60000]]'), noSignal()))
      if (event.type === 'content_block_start') break;
    await expect.poll(() => upstream.requests[0]).toMatchObject({ aborted: true });
    expect(engine.health().gauges).toEqual({ turns_running: 0, turns_completed: 0 });
  });

  test.each(['[[hang]]', '[[hang:2]]'])('%s: a silent upstream is given up', async (text) => {
    const { error } = await run(text, { timeoutMs: 100 });
    expect(error).toMatchObject({ code: 'upstream_timeout', message: 'The upstream was silent for 0.1 seconds.' });
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([200, 400])('a body of status %i that does not come to its end is given up', async (status) => {
    const fetch = (_url: unknown, { signal }: RequestInit = {}) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"input_tokens":'));
          signal?.addEventListener('abort', () => controller.error(signal.reason));
        },
      });
      return Promise.resolve(new Response(body, { status, headers: { 'x-should-retry': 'false' } }));
    };
    const engine = engineWith({ fetch, timeoutMs: 50 });
    await expect(engine.countTokens(turnOf('hello'), noSignal())).rejects.toMatchObject({ code: 'upstream_timeout' });
    await expect(engine.models()).rejects.toMatchObject({ code: 'upstream_timeout' });
    if (status === 400)
      expect((await collect(engine.run(turnOf('hello'), noSignal()))).error).toMatchObject({
        code: 'upstream_timeout',
      });
  });

  test('an upstream that leaves the connection open does not hold the turn', async () => {
    const { events, error } = await run('hello', { fetch: neverClosing });
    expect([events.at(-1), error]).toEqual([{ type: 'message_stop' }, undefined]);
  });

  test('the connection serves the next turn', async () => {
    let connections = 0;
    const server = createServer((request, response) => {
      request.resume();
      // The end of the body comes in a packet of its own, as it does over a network.
      request.on('end', () =>
        response.write('data: {"type":"message_stop"}\n\n', () => setTimeout(() => response.end(), 5)),
      );
    }).on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const engine = engineWith({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (let turn = 0; turn < 20; turn += 1)
      expect((await collect(engine.run(turnOf('hello'), noSignal()))).error).toBeUndefined();
    // A turn that starts in the very moment the last one ends may open a second one.
    expect(connections).toBeLessThan(4);
    server.close();
    server.closeAllConnections();
  });

  test('closing the engine ends what runs, and what comes', async () => {
    const engine = engineWith();
    const running = collect(engine.run(turnOf('[[hang:1]]'), noSignal()));
    await expect.poll(() => upstream.requests[0]?.body).toBeDefined();
    expect(engine.health()).toMatchObject({ ok: true, gauges: { turns_running: 1 } });
    await engine.close();
    expect((await running).error?.code).toBe('draining');
    expect((await collect(engine.run(turnOf('hello'), noSignal()))).error?.code).toBe('draining');
    expect(engine.health().ok).toBe(false);
    await expect.poll(() => upstream.requests[0]).toMatchObject({ aborted: true });
  });
});

describe('beside turns', () => {
  test('tokens are counted by the upstream, from what it takes for counting', async () => {
    const edits = { edits: [] };
    const turn = turnOf(
      'hello',
      Object.assign({ temperature: 0.5, stop_sequences: ['x'], system: 'Be x' }, { context_management: edits }),
    );
    const tokens = await engineWith().countTokens(turn, noSignal());
    expect(tokens).toBe(
      Math.ceil('"Be x"'.length / 4) +
        Math.ceil(JSON.stringify({ role: 'user', type: 'text', text: 'hello' }).length / 4),
    );
    expect(upstream.requests[0]?.body).toEqual({
      model: MODEL,
      messages: turn.request.messages,
      system: 'Be x',
      context_management: edits,
    });
  });

  test.each([
    [{}, /without a number/],
    ['no json', /not JSON/],
  ])('a count that is none: %j', async (answer, message) => {
    const fetch = () => Promise.resolve(typeof answer === 'string' ? new Response(answer) : Response.json(answer));
    await expect(engineWith({ fetch }).countTokens(turnOf('hello'), noSignal())).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(message) as unknown,
    });
  });

  test('models come in pages, are asked for once, and the newest have the short names', async () => {
    const engine = engineWith({ fetch: smallPages });
    const models = await engine.models();
    expect(models).toHaveLength(CATALOG.length);
    expect(upstream.requests).toHaveLength(Math.ceil(CATALOG.length / 2));
    expect(await engine.models()).toBe(models);
    expect(Object.fromEntries(models.map(({ id, aliases }) => [id, aliases]))).toMatchObject({
      'claude-opus-5-5': ['opus'],
      'claude-sonnet-5-5': ['sonnet', 'default'],
      'claude-fable-5-2': ['fable'],
      [MODEL]: [],
    });
  });

  test('the list is asked for again when it is old; an old one serves where no new one can be had', async () => {
    const clock = new HandClock();
    let down = false;
    const gateway: typeof fetch = (input, init) =>
      down ? Promise.resolve(new Response('', { status: 500 })) : fetch(input, init);
    const engine = engineWith({ fetch: gateway, clock, maxRetries: 0 });
    const models = await engine.models();
    clock.advance(600_000);
    expect(await engine.models()).not.toBe(models);
    expect(upstream.requests).toHaveLength(2);
    down = true;
    clock.advance(600_000);
    expect(await engine.models()).toEqual(models);
  });

  test('a failure to list is not kept; a gateway without a list has the short names of the catalog', async () => {
    let status = 404;
    const gateway: typeof fetch = (input, init) =>
      urlOf(input).includes('/v1/models') && status !== 200
        ? Promise.resolve(new Response('', { status }))
        : fetch(input, init);
    const engine = engineWith({ fetch: gateway, maxRetries: 0 });
    await expect(engine.models()).rejects.toMatchObject({ code: 'upstream_not_found' });
    expect((await collect(engine.run(turnOf('hello', { model: 'haiku' }), noSignal()))).error).toBeUndefined();
    expect(upstream.requests[0]?.body).toMatchObject({ model: 'claude-haiku-5-5' });
    status = 500;
    expect((await collect(engine.run(turnOf('hello', { model: 'haiku' }), noSignal()))).error?.code).toBe(
      'upstream_error',
    );
    status = 200;
    expect(await engine.models()).toHaveLength(CATALOG.length);
  });

  test('health does not go by the answers of single requests: a refused one shuts nobody out', async () => {
    for (const status of [401, 403]) {
      const engine = engineWith({ fetch: async () => new Response('{}', { status }) });
      expect((await collect(engine.run(turnOf('hello'), noSignal()))).error).toBeDefined();
      expect(engine.health()).toEqual({ ok: true, gauges: { turns_running: 0, turns_completed: 0 } });
    }
  });
});
