import { describe, expect, it } from 'vitest';
import { isDashboardPath } from '../../src/http/dashboard/routes.ts';
import { openPaths } from '../../src/http/request/authenticate.ts';
import { errorCodes, statusOf, TurnError } from '../../src/turn/errors.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import { HandClock } from '../access/hand-clock.ts';
import { answer, beginning, delta, settled, silence, until } from './scripted-engine.ts';
import { chat, messages, setUpApp } from './set-up.ts';

const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

const breaks = async function* () {
  yield* beginning();
  yield {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'text', text: '', citations: null },
  } as TurnEvent;
  yield delta('Hel');
  throw new TurnError('upstream_overloaded', 'Overloaded.');
};

describe('keys', () => {
  it('are needed on every route but the open ones', async () => {
    const { app, engine } = await setUpApp({ keys: ['right'] });
    const routes = app.routes.filter(
      // The dashboard has a form for the key: test/dashboard.
      ({ path, method }) => path !== '/*' && !isDashboardPath(path) && !(openPaths.has(path) && method !== 'POST'),
    );
    expect(routes.length).toBeGreaterThan(25);
    for (const { path, method } of routes) {
      const url = path.replace(/\/\*$/, '/x').replace(/:id.*$/, 'x');
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'api-key': 'wrong' }] as Record<
        string,
        string
      >[]) {
        const response = await app.request(url, { method: method === 'ALL' ? 'POST' : method, headers });
        expect(`${method} ${url} ${response.status}`).toBe(`${method} ${url} 401`);
      }
    }
    expect(engine.turns).toHaveLength(0);
  });

  it.each<Record<string, string>>([
    { authorization: 'Bearer right' },
    { 'x-api-key': 'right' },
    { authorization: 'Bearer second' },
  ])('open every route: %j', async (headers) => {
    const { ask, engine } = await setUpApp({ keys: ['right', 'second'] });
    expect((await ask('/v1/chat/completions', chat(), { headers })).status).toBe(200);
    expect(engine.turns[0]?.owner).toMatch(/^[0-9a-f]{12}$/);
  });

  it('are not needed where none is set', async () => {
    const { ask, engine } = await setUpApp();
    expect((await ask('/v1/chat/completions', chat(), { headers: { authorization: 'Bearer whatever' } })).status).toBe(
      200,
    );
    expect(engine.turns[0]?.owner).toBe('local');
  });

  it('never reach the log', async () => {
    const { ask, lines } = await setUpApp({ keys: ['right-secret'] });
    await ask('/v1/chat/completions?api_key=query-secret', chat(), {
      headers: { authorization: 'Bearer right-secret' },
    });
    await ask('/v1/chat/completions', chat(), { headers: { 'x-api-key': 'wrong-secret' } });
    expect(lines.length).toBeGreaterThan(1);
    expect(JSON.stringify(lines)).not.toMatch(/secret/);
  });
});

describe('routes', () => {
  it.each(['/v1/chat/completions', '/chat/completions'])("%s answers in OpenAI's shape", async (path) => {
    const { ask } = await setUpApp();
    expect(await json(await ask(path, chat()))).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'Hello' } }],
    });
  });

  it.each(['/v1/completions', '/completions'])("%s answers in OpenAI's old shape", async (path) => {
    const { ask } = await setUpApp();
    expect(await json(await ask(path, { model: 'gpt-4o', prompt: 'Say hello' }))).toMatchObject({
      object: 'text_completion',
      choices: [{ text: 'Hello' }],
    });
  });

  it.each(['/v1/messages', '/messages', '/anthropic/v1/messages', '/v1/messages?beta=true'])(
    "%s answers in Anthropic's shape",
    async (path) => {
      const { ask } = await setUpApp();
      const response = await ask(path, messages());
      expect(await json(response)).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'Hello' }] });
      expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    },
  );

  it.each(['/v1/messages/count_tokens', '/messages/count_tokens', '/anthropic/v1/messages/count_tokens'])(
    '%s counts',
    async (path) => {
      const { ask, leases } = await setUpApp();
      const { max_tokens: _, ...body } = messages();
      expect(await json(await ask(path, body))).toEqual({ input_tokens: 10 });
      expect(leases.stats().held).toBe(0);
    },
  );

  it('lists models in the shape of the API that asks, aliases with what they stand for', async () => {
    const { ask } = await setUpApp();
    const openai = (await json(await ask('/v1/models'))) as {
      object: string;
      data: { id: string; resolves_to?: string }[];
    };
    expect(openai.object).toBe('list');
    expect(openai.data.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['claude-sonnet-5-5', 'claude-sonnet-4-5-20250929', 'gpt-4o', 'sonnet']),
    );
    expect(openai.data.find(({ id }) => id === 'gpt-4o')?.resolves_to).toBe('claude-sonnet-4-5-20250929');
    const anthropic = await json(
      await ask('/v1/models', undefined, { headers: { 'anthropic-version': '2026-10-21' } }),
    );
    expect(anthropic).toMatchObject({
      has_more: false,
      first_id: 'claude-sonnet-5-5',
      data: expect.arrayContaining([
        expect.objectContaining({ type: 'model', id: 'claude-sonnet-5-5', display_name: 'Claude Sonnet 5.5' }),
      ]),
    });
    expect(await json(await ask('/models'))).toEqual(openai);
    expect(await json(await ask('/anthropic/v1/models'))).toEqual(anthropic);
  });

  it('shows one model, or says in the dialect that there is none', async () => {
    const { ask } = await setUpApp();
    expect(await json(await ask('/v1/models/GPT-4o'))).toMatchObject({ id: 'gpt-4o', object: 'model' });
    const missing = await ask('/v1/models/nothing/at-all');
    expect([missing.status, await json(missing)]).toMatchObject([404, { error: { code: 'model_not_found' } }]);
    const anthropic = await ask('/v1/models/nothing', undefined, { headers: { 'anthropic-version': '2023-06-01' } });
    expect([anthropic.status, await json(anthropic)]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error' } },
    ]);
  });

  it('answers liveness without a key, also to HEAD', async () => {
    const { app } = await setUpApp({ keys: ['k'] });
    for (const path of ['/', '/ping']) {
      expect((await app.request(path)).status).toBe(200);
      expect((await app.request(path, { method: 'HEAD' })).status).toBe(200);
    }
    expect(await json(await app.request('/'))).toEqual({ name: 'opencode-claude-proxy', version: '1.2.3' });
  });

  it('refuses what is not here, and says what is', async () => {
    const { ask } = await setUpApp();
    for (const path of [
      '/v1/embeddings',
      '/v1/audio/speech',
      '/v1/images/generations',
      '/v1/files',
      '/v1/batches',
      '/v1/assistants',
      '/v1/messages/batches',
      '/v1/messages/batches/b1',
      '/messages/batches',
      '/anthropic/v1/messages/batches/b1',
      '/anthropic/v1/files',
    ]) {
      const response = await ask(path, {});
      expect([path, response.status]).toEqual([path, 404]);
    }
    expect(await json(await ask('/v1/messages/batches', {}))).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('Batches are not served') },
    });
    const unknown = await ask('/v1/nowhere', {});
    expect([unknown.status, await json(unknown)]).toMatchObject([
      404,
      { error: { message: expect.stringContaining('/v1/chat/completions') } },
    ]);
  });

  it.each([
    ['/v1/v1/messages', 'There is one /v1 too many in this path'],
    ['/v1/v1/models/sonnet', 'There is one /v1 too many in this path'],
    ['/api/v1/chat/completions', '/v1/chat/completions is served: in your client, end the base URL'],
    ['/v1/messages/messages', '/messages is served: in your client, end the base URL'],
    ['/nowhere', 'This server answers /v1/chat/completions'],
  ])('says what is wrong with %s', async (path, text) => {
    const { ask } = await setUpApp();
    const answer = await ask(path, {});
    expect([answer.status, await json(answer)]).toMatchObject([
      404,
      { error: { message: expect.stringContaining(text) } },
    ]);
  });

  it.each([
    ['/v1/chat/completions', { model: 'm', prompt: 'Hi' }, 'prompt', 'ask /v1/completions'],
    ['/v1/messages', { model: 'm', input: [] }, 'input', 'one of the Responses API: ask /v1/responses'],
    ['/v1/messages/count_tokens', { model: 'm', prompt: 'x' }, 'prompt', 'ask /v1/completions'],
    ['/v1/completions', { model: 'm', messages: [] }, 'messages', 'ask /v1/chat/completions or /v1/messages'],
  ])('tells a body for another endpoint: %s', async (path, body, field, text) => {
    const { ask } = await setUpApp();
    const answer = await ask(path, body);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(text)]);
    expect(await (await ask(path, body)).text()).toContain(field);
  });

  it('names the methods it takes', async () => {
    const { ask } = await setUpApp();
    const get = await ask('/v1/chat/completions');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const put = await ask('/v1/messages', undefined, { method: 'PUT' });
    expect([put.status, put.headers.get('allow'), await json(put)]).toMatchObject([405, 'POST', { type: 'error' }]);
    const remove = await ask('/v1/models', undefined, { method: 'DELETE' });
    expect([remove.status, remove.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('health', () => {
  it('tells strangers only whether it can serve', async () => {
    const { ask } = await setUpApp({ keys: ['k'] });
    expect(await json(await ask('/health'))).toEqual({ status: 'ok' });
  });

  it("tells the key's owner how it is doing", async () => {
    const { ask } = await setUpApp({ keys: ['k'] });
    expect(await json(await ask('/health', undefined, { headers: { 'x-api-key': 'k' } }))).toEqual({
      status: 'ok',
      version: '1.2.3',
      engine: 'anthropic-api',
      login: 'a login',
      uptimeSeconds: 0,
      requests: { running: 0, queued: 0 },
      gauges: { processes: 3 },
    });
  });

  it('is 503 with the reason when it cannot serve', async () => {
    const { ask, engine, leases } = await setUpApp();
    engine.healthy = { ok: false, reason: 'not logged in', gauges: {} };
    const unwell = await ask('/health');
    expect([unwell.status, await json(unwell)]).toMatchObject([
      503,
      { status: 'unavailable', reason: 'not logged in' },
    ]);
    engine.healthy = { ok: true, gauges: {} };
    leases.drain();
    expect((await ask('/health')).status).toBe(503);
  });

  it('is degraded with the reason when the last turns failed for all, and such a server stays ready', async () => {
    const { ask, engine } = await setUpApp();
    engine.healthy = { ok: true, degraded: 'the login is refused', gauges: {} };
    const unwell = await ask('/health');
    expect([unwell.status, await json(unwell)]).toMatchObject([
      503,
      { status: 'degraded', reason: 'the login is refused' },
    ]);
    expect((await ask('/ready')).status).toBe(200);
  });

  it('is not ready while turns cannot be begun, and lives all the same', async () => {
    const { ask, engine } = await setUpApp({ keys: ['k'] });
    engine.healthy = { ok: false, reason: 'no process starts', gauges: {} };
    expect([(await ask('/ready')).status, (await ask('/live')).status]).toEqual([503, 200]);
  });
});

describe('bodies', () => {
  it.each<{ name: string; body: string; status: number; headers?: Record<string, string> }>([
    { name: 'not JSON', body: '{"model":', status: 400 },
    { name: 'empty', body: '', status: 400 },
    {
      name: 'of another type',
      body: 'a=b',
      status: 415,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    { name: 'compressed', body: '{}', status: 415, headers: { 'content-encoding': 'gzip' } },
    { name: 'an array', body: '[]', status: 400 },
    { name: 'without messages', body: '{"model":"gpt-4o"}', status: 400 },
  ])('that are $name are refused', async ({ body, headers = {}, status }) => {
    const { ask, engine } = await setUpApp();
    const openai = await ask('/v1/chat/completions', body, { method: 'POST', headers });
    expect([openai.status, await json(openai)]).toMatchObject([
      status,
      { error: { message: expect.any(String), type: expect.any(String) } },
    ]);
    const anthropic = await ask('/v1/messages', body, { method: 'POST', headers });
    expect([anthropic.status, await json(anthropic)]).toMatchObject([
      status,
      { type: 'error', error: { type: expect.any(String) }, request_id: expect.stringMatching(/^req_/) },
    ]);
    expect(engine.turns).toHaveLength(0);
  });

  it('over the limit are refused, with a length and without', async () => {
    const { app } = await setUpApp({ settings: { maxBodyBytes: 50 } });
    const body = JSON.stringify(chat({ user: 'x'.repeat(100) }));
    const known = await app.request('/v1/chat/completions', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
    });
    expect([known.status, await json(known)]).toMatchObject([
      413,
      { error: { message: expect.stringContaining('50 bytes') } },
    ]);
    const chunked = new Request('http://localhost/v1/messages', {
      method: 'POST',
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect((await app.fetch(chunked)).status).toBe(413);
  });
});

describe('errors of the engine', () => {
  it.each(errorCodes)('%s has its status and its dialect, stream or not', async (code) => {
    const error = new TurnError(code, 'It went wrong.', { retryAfterSeconds: 7 });
    // eslint-disable-next-line require-yield
    const { ask } = await setUpApp({
      script: async function* () {
        throw error;
      },
    });
    for (const stream of [false, true]) {
      const openai = await ask('/v1/chat/completions', chat({ stream }));
      expect([openai.status, await json(openai)]).toMatchObject([
        statusOf(error),
        { error: { message: expect.stringContaining('It went wrong.') } },
      ]);
      expect(openai.headers.get('retry-after')).toBe('7');
      const anthropic = await ask('/v1/messages', messages({ stream }));
      expect([anthropic.status, await json(anthropic)]).toMatchObject([
        statusOf(error),
        { type: 'error', error: { message: expect.stringContaining('It went wrong.') } },
      ]);
    }
  });

  it('that nobody foresaw tell the caller nothing and the log everything', async () => {
    // eslint-disable-next-line require-yield
    const { ask, lines } = await setUpApp({
      script: async function* () {
        throw new Error('secret path /home/x');
      },
    });
    const response = await ask('/v1/chat/completions', chat());
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(lines.find(({ level }) => level === 'error')?.fields['err']).toMatchObject({
      message: 'secret path /home/x',
    });
  });

  it('in the middle of a stream are its last frame, without a false end', async () => {
    const { ask, leases } = await setUpApp({ script: breaks });
    const openai = await (await ask('/v1/chat/completions', chat({ stream: true }))).text();
    expect(openai).toContain('Hel');
    expect(openai.trimEnd().split('\n').at(-1)).toMatch(/^data: \{"error":\{.*Overloaded/);
    expect(openai).not.toMatch(/\[DONE\]|"finish_reason":"/);
    const anthropic = await (await ask('/v1/messages', messages({ stream: true }))).text();
    expect(anthropic).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error".*\n\n$/);
    expect(anthropic).not.toContain('message_stop');
    await settled();
    expect(leases.stats().held).toBe(0);
  });

  it('in the middle of an answer that is not streamed are a status', async () => {
    const { ask } = await setUpApp({ script: breaks });
    expect((await ask('/v1/messages', messages())).status).toBe(529);
  });
});

describe('streams', () => {
  it.each([
    { path: '/v1/chat/completions', body: chat({ stream: true }), keepalive: /^: keepalive/, error: /data: \{"error"/ },
    { path: '/v1/messages', body: messages({ stream: true }), keepalive: /^(event: ping|: )/, error: /event: error/ },
  ])(
    'of $path keep alive from the first second, and end in an error frame where the error is late',
    async ({ path, body, keepalive, error }) => {
      const clock = new HandClock();
      const { promise: late, resolve: letFail } = Promise.withResolvers<void>();
      const { ask } = await setUpApp({
        clock,
        // eslint-disable-next-line require-yield
        script: async function* () {
          await late;
          throw new TurnError('upstream_rate_limited', 'Slow down.');
        },
      });
      const waiting = ask(path, body);
      await settled();
      clock.advance(1_000);
      const response = await waiting;
      expect(response.status).toBe(200);
      const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toMatch(keepalive);
      const second = reader.read();
      await settled();
      clock.advance(10_000);
      expect((await second).value).toMatch(keepalive);
      const last = reader.read();
      letFail();
      expect((await last).value).toMatch(error);
    },
  );

  it('keep alive while they wait in the queue', async () => {
    const clock = new HandClock();
    const { ask, leases } = await setUpApp({ clock, leases: { maxConcurrency: 1 } });
    const held = await leases.acquire('someone', new AbortController().signal);
    const waiting = ask('/v1/chat/completions', chat({ stream: true }));
    await settled();
    clock.advance(1_000);
    const response = await waiting;
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe(': keepalive\n\n');
    held.release();
    expect((await reader.read()).value).toContain('"role":"assistant"');
  });

  it('that the reader leaves abort the engine and give the lease back', async () => {
    const { ask, engine, leases, lines } = await setUpApp({
      script: async function* (turn, signal) {
        yield* beginning();
        yield* silence(turn, signal);
      },
    });
    const response = await ask('/v1/messages', messages({ stream: true }));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect(leases.stats().held).toBe(1);
    await reader.cancel();
    await until(() => engine.running === 0 && leases.stats().held === 0);
    expect(lines.at(-1)).toMatchObject({ message: 'request', fields: { error: 'client_closed' } });
  });

  it('that are aborted before the first event leave nothing behind', async () => {
    const { app, engine, leases } = await setUpApp({ script: silence });
    for (const stream of [true, false]) {
      const leaving = new AbortController();
      const request = new Request('http://localhost/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify(chat({ stream })),
        signal: leaving.signal,
        headers: { 'content-type': 'application/json' },
      });
      const waiting = app.fetch(request);
      await until(() => engine.running === 1);
      leaving.abort();
      expect((await waiting).status).toBe(499);
      await until(() => engine.running === 0 && leases.stats().held === 0);
    }
  });
});

describe('a full server', () => {
  it('refuses with a time to come back, in the dialect', async () => {
    const { ask, leases } = await setUpApp({ leases: { maxConcurrency: 1, queueLimit: 0 } });
    const held = await leases.acquire('someone', new AbortController().signal);
    const full = await ask('/v1/messages', messages({ stream: true }));
    expect([full.status, full.headers.get('retry-after'), await json(full)]).toMatchObject([
      429,
      expect.stringMatching(/^\d+$/),
      { error: { type: 'rate_limit_error' } },
    ]);
    held.release();
    expect((await ask('/v1/messages', messages())).status).toBe(200);
  });

  it('refuses everything new while it drains', async () => {
    const { ask, leases } = await setUpApp();
    leases.drain();
    const refused = await ask('/v1/chat/completions', chat());
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('what the headers tell', () => {
  it('the model that answers, and a name that nobody knows', async () => {
    const { ask } = await setUpApp();
    const mapped = await ask('/v1/chat/completions', chat());
    expect(mapped.headers.get('x-proxy-model')).toBe('claude-sonnet-4-5-20250929');
    expect(mapped.headers.get('x-proxy-unknown-model')).toBeNull();
    const unknown = await ask('/v1/chat/completions', chat({ model: 'no\u00fdsuch model' }));
    expect([unknown.status, unknown.headers.get('x-proxy-unknown-model')]).toEqual([200, 'no?such model']);
  });

  it('an unknown name once in the log, however often it is asked for', async () => {
    const { ask, lines } = await setUpApp();
    for (const model of ['nobody', 'nobody', 'gpt-4o', 'claude-opus-9'])
      await ask('/v1/chat/completions', chat({ model }));
    expect(lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { name: 'nobody', answeredBy: 'claude-sonnet-4-5-20250929' },
    ]);
  });

  it('the full id also behind a short name: as the engine reported it, or as the answer names it', async () => {
    const { ask, engine } = await setUpApp();
    const modelOf = async (model: string, stream = false) =>
      (await ask('/v1/messages', messages({ model, stream }))).headers.get('x-proxy-model');
    expect([await modelOf('sonnet'), await modelOf('sonnet', true)]).toEqual([
      'claude-sonnet-5-5',
      'claude-sonnet-5-5',
    ]);
    expect(engine.turns.map(({ request }) => request.model)).toEqual(['sonnet', 'sonnet']);
    // This engine has not reported any haiku.
    expect([await modelOf('haiku'), await modelOf('haiku', true)]).toEqual([
      'claude-sonnet-4-5-20250929',
      'claude-sonnet-4-5-20250929',
    ]);
    expect(await modelOf('claude-opus-4-5')).toBe('claude-opus-4-5-20251101');
  });

  it('a name in Claude’s own form is asked for as it is, and the API judges it', async () => {
    const { ask, engine } = await setUpApp();
    await ask('/v1/chat/completions', chat({ model: 'claude-sonnet-4-6' }));
    expect(engine.turns[0]?.request.model).toBe('claude-sonnet-4-6');
  });

  it('a model that only the engine knows passes through, from the first request on', async () => {
    const { ask } = await setUpApp();
    expect((await ask('/v1/chat/completions', chat({ model: 'claude-sonnet-5-5' }))).headers.get('x-proxy-model')).toBe(
      'claude-sonnet-5-5',
    );
  });

  it('the parameters that were ignored; in strict mode they are refused', async () => {
    const body = chat({ seed: 5, logit_bias: { 5: 1 } });
    const { ask } = await setUpApp();
    expect((await ask('/v1/chat/completions', body)).headers.get('x-proxy-ignored')).toBe('seed, logit_bias');
    const strict = await setUpApp({ settings: { strict: true } });
    const refused = await strict.ask('/v1/chat/completions', body);
    expect([refused.status, await json(refused)]).toMatchObject([400, { error: { param: 'seed' } }]);
    expect(strict.engine.turns).toHaveLength(0);
  });

  it('the limits that the upstream told, on answers and on errors', async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 3600;
    const notice = (status: 'allowed' | 'rejected'): TurnEvent => ({
      type: 'notice',
      notice: { kind: 'rate_limit', limit: { status, window: 'five_hour', utilization: 0.5, resetsAt } },
    });
    const fine = await setUpApp({
      script: async function* () {
        yield notice('allowed');
        yield* answer('Hi');
      },
    });
    const ok = await fine.ask('/v1/messages', messages({ stream: true }));
    expect(ok.headers.get('anthropic-ratelimit-unified-status')).toBe('allowed');
    expect(ok.headers.get('anthropic-ratelimit-unified-5h-utilization')).toBe('0.5');
    const over = await setUpApp({
      script: async function* () {
        yield notice('rejected');
        throw new TurnError('upstream_rate_limited', 'Limit reached.');
      },
    });
    const refused = await over.ask('/v1/chat/completions', chat({ stream: true }));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1h0m0s|59m\d+s)$/);
    expect(await json(refused)).toMatchObject({
      error: { message: expect.stringMatching(/^Limit reached\. Try again in (3600|35\d\d) s\.$/) },
    });
    expect(refused.headers.get('x-should-retry'), 'the SDK of OpenAI does not wait for an hour').toBe('false');
    expect((await over.ask('/v1/messages', messages())).headers.get('x-should-retry')).toBeNull();
  });

  it.each([
    [0.4, 'Slow down', '1', 'Slow down. Try again in 1 s.'],
    [61, 'Slow down.', '61', 'Slow down. Try again in 61 s.'],
    [5, 'Full; try again in 5 s.', '5', 'Full; try again in 5 s.'],
    [0, 'Slow down.', '0', 'Slow down.'],
  ])(
    'when to come back (%s s): in whole seconds, and once in the message',
    async (retryAfterSeconds, message, header, said) => {
      // eslint-disable-next-line require-yield
      const { ask } = await setUpApp({
        script: async function* () {
          throw new TurnError('upstream_rate_limited', message, { retryAfterSeconds });
        },
      });
      for (const [path, body] of [
        ['/v1/chat/completions', chat()],
        ['/v1/messages', messages({ stream: true })],
      ] as const) {
        const response = await ask(path, body);
        expect([response.status, response.headers.get('retry-after'), await json(response)]).toMatchObject([
          429,
          header,
          { error: { message: said } },
        ]);
      }
    },
  );

  it('when to come back, inside a stream that had begun', async () => {
    const { ask } = await setUpApp({
      script: async function* () {
        yield* beginning();
        throw new TurnError('upstream_rate_limited', 'Slow down.', { retryAfterSeconds: 3.2 });
      },
    });
    for (const [path, body] of [
      ['/v1/chat/completions', chat({ stream: true })],
      ['/v1/messages', messages({ stream: true })],
    ] as const) {
      expect(await (await ask(path, body)).text()).toContain('"message":"Slow down. Try again in 4 s."');
    }
  });

  it('of a count what they tell of an answer', async () => {
    const { ask } = await setUpApp();
    const counted = await ask('/v1/messages/count_tokens', {
      ...messages({ model: 'gpt-4o', max_tokens: undefined }),
      thinking: { type: 'adaptive' },
      user_profile_id: 'u',
    });
    expect(await json(counted)).toEqual({ input_tokens: 10 });
    expect(counted.headers.get('x-proxy-model')).toBe('claude-sonnet-4-5-20250929');
    expect(counted.headers.get('x-proxy-ignored')).toBe('user_profile_id');
    expect(counted.headers.get('x-proxy-emulated')).toBe('thinking');
    expect(counted.headers.get('request-id')).toBe(counted.headers.get('x-request-id'));
  });

  it('a request id that the caller cannot choose', async () => {
    const { ask, engine } = await setUpApp();
    const response = await ask('/v1/chat/completions', chat(), { headers: { 'x-request-id': 'mine' } });
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(engine.turns[0]?.id).toBe(response.headers.get('x-request-id'));
  });
});

it('logs one line a request, with what it cost and nothing of what was said', async () => {
  const { ask, lines } = await setUpApp({ script: () => answer('private answer') });
  for (const stream of [true, false])
    await (
      await ask('/v1/messages', messages({ stream, messages: [{ role: 'user', content: 'private question' }] }))
    ).text();
  expect(lines).toHaveLength(2);
  for (const { fields } of lines) {
    expect(fields).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      status: 200,
      asked: 'sonnet',
      model: 'claude-sonnet-5-5',
      inputTokens: 7,
      outputTokens: 5,
      cacheReadTokens: 2,
      stopReason: 'end_turn',
      ms: expect.any(Number),
    });
  }
  expect(JSON.stringify(lines)).not.toContain('private');
});
