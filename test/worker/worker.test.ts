/** The whole line in real workerd: Worker, Durable Object, and the real server in a container of the process engine. */
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import type { InstanceStatus } from '../../src/worker/internal-protocol.ts';
import { chat, demoLabs, messages } from './demo-labs.ts';
import { eventually, KEY, programImage, type Lab } from './lab.ts';
import { readUntil } from '../fixtures/read-until.ts';

const { lab, sharedLab, upstream } = demoLabs();
const statuses = async ({ call }: Lab): Promise<Record<string, InstanceStatus>> =>
  ((await (await call('/health')).json()) as { instances: Record<string, InstanceStatus> }).instances;
const asleep = (each: Lab): Promise<boolean> => eventually(async () => each.engine.running().length === 0);

/** A client that leaves without a word, as a killed program does. */
const leaveAfter = (url: string, body: object, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const request = http.request(new URL(url), {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    });
    request.on('error', () => resolve());
    request.on('response', (response) => response.on('error', () => resolve()).resume());
    request.end(JSON.stringify(body));
    setTimeout(() => request.socket?.resetAndDestroy(), ms);
  });

/** The same turn in both dialects. */
const TURNS = ['/v1/chat/completions', '/anthropic/v1/messages'] as const;

describe('the edge', { timeout: 120_000 }, () => {
  it('answers models, errors and its own paths without waking a container', async () => {
    const { call, starts } = await lab({ MODEL_MAP: 'fast=haiku', MAX_BODY_BYTES: '2000' });
    expect(await (await call('/')).json()).toMatchObject({ name: 'opencode-claude-proxy' });
    expect((await call('/ping', { headers: { authorization: '' } })).status).toBe(200);
    expect((await call('/health', { headers: { authorization: '' } })).status).toBe(200);
    expect(await (await call('/health')).json()).toMatchObject({ instancesNotShown: 0 });
    for (const authorization of ['', 'Bearer wrong'])
      expect((await call('/health?wake=1', { headers: { authorization } })).status).toBe(401);
    const models = (await (await call('/v1/models')).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['gpt-4o', 'fast', 'claude-haiku-4-5-20251001']),
    );
    expect(
      await (await call('/v1/models/gpt-4o', { headers: { 'anthropic-version': '2023-06-01' } })).json(),
    ).toMatchObject({ type: 'model' });
    expect((await call('/v1/models/none')).status).toBe(404);

    const latest = await lab({ MODEL_TRACK: 'latest' });
    const newest = (await (await latest.call('/v1/models/gpt-4o')).json()) as { resolves_to?: string };
    expect(newest.resolves_to).toBe('claude-sonnet-5-5');
    expect(latest.starts()).toBe(0);

    const rows: readonly [
      paths: readonly [openai: string, anthropic: string],
      init: Parameters<typeof call>[1],
      status: number,
      openai: string | null,
      anthropic: string,
    ][] = [
      [
        TURNS,
        { body: chat('x'), headers: { authorization: 'Bearer wrong' } },
        401,
        'invalid_api_key',
        'authentication_error',
      ],
      [TURNS, { body: chat('x'), headers: { authorization: '' } }, 401, 'invalid_api_key', 'authentication_error'],
      [TURNS, { body: '{"model":' }, 400, null, 'invalid_request_error'],
      [TURNS, { body: chat('x'.repeat(3000)) }, 413, 'request_too_large', 'request_too_large'],
      [TURNS, { body: 'x', headers: { 'content-type': 'text/plain' } }, 415, null, 'invalid_request_error'],
      [TURNS, { method: 'DELETE' }, 405, 'method_not_allowed', 'invalid_request_error'],
      [TURNS, { body: chat('x'), headers: { origin: 'https://evil.example' } }, 403, 'forbidden', 'permission_error'],
      [['/v1/completions', '/messages/count_tokens'], { body: '{"model":' }, 400, null, 'invalid_request_error'],
      [['/v1/models/none', '/anthropic/v1/models/none'], {}, 404, 'model_not_found', 'not_found_error'],
      [['/v1/embeddings', '/anthropic/v1/embeddings'], { body: {} }, 404, 'unsupported_endpoint', 'not_found_error'],
      [
        ['/v1/internal/bootstrap', '/anthropic/v1/internal/bootstrap'],
        { body: {} },
        404,
        'unknown_url',
        'not_found_error',
      ],
      [['/internal/bootstrap', '/anthropic/internal/bootstrap'], { body: {} }, 404, 'unknown_url', 'not_found_error'],
    ];
    for (const [[openaiPath, anthropicPath], init, status, code, type] of rows) {
      const first = await call(openaiPath, init);
      expect([openaiPath, first.status]).toEqual([openaiPath, status]);
      expect(await first.json()).toMatchObject({
        error: { message: expect.stringMatching(/./), ...(code !== null && { code }) },
      });
      expect(first.headers.get('x-request-id')).toMatch(/^req_/);
      const second = await call(anthropicPath, init);
      expect([anthropicPath, second.status]).toEqual([anthropicPath, status]);
      const id = second.headers.get('x-request-id');
      expect(await second.json()).toMatchObject({
        type: 'error',
        error: { type, message: expect.stringMatching(/./) },
        request_id: id,
      });
      expect(second.headers.get('request-id')).toBe(id);
    }
    expect(starts()).toBe(0);
  });

  it('answers preflights for configured origins only', async () => {
    const { call, starts } = await lab({ CORS_ORIGINS: 'https://app.example' });
    const preflight = (origin: string) =>
      call('/v1/chat/completions', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
          authorization: '',
        },
      });
    expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe(
      'https://app.example',
    );
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await call('/v1/chat/completions', {
      body: chat('Hello'),
      headers: { origin: 'https://app.example' },
    });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
    expect(starts()).toBe(1);
  });

  it('does not serve without a key, unless that was said', async () => {
    const closed = await lab({ PROXY_API_KEY: '' });
    for (const path of TURNS) {
      const answer = await closed.call(path, { body: chat('Hello') });
      expect([answer.status, await answer.json()]).toMatchObject([
        503,
        { error: { message: expect.stringContaining('PROXY_API_KEY is not set') } },
      ]);
    }
    expect(closed.starts()).toBe(0);
    const open = await lab({ PROXY_API_KEY: '', ALLOW_NO_KEY: '1' });
    expect(
      (await open.call('/v1/chat/completions', { body: chat('Hello'), headers: { authorization: '' } })).status,
    ).toBe(200);
  });
});

describe('a container', { timeout: 120_000 }, () => {
  const shared = sharedLab();
  const kill = (): void => {
    for (const { pid } of shared().engine.running()) process.kill(pid!, 'SIGKILL');
  };
  /** Without a container, until the next request. */
  const stopped = async (): Promise<Lab> => {
    kill();
    await asleep(shared());
    return shared();
  };

  it('starts once for ten requests that come at the same time', async () => {
    const here = shared();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        here.call(index % 2 === 0 ? '/v1/chat/completions' : '/v1/messages', {
          body: messages(`[[text:Number-${index}]]`, { stream: index > 6 }),
        }),
      ),
    );
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    texts.forEach((text, index) => expect(text).toContain(`Number-${index}`));
    expect(here.starts()).toBe(1);
    expect(here.engine.running()).toHaveLength(1);
  });

  it('answers in both dialects with one request id at the edge, in the body and at the server', async () => {
    const { call } = shared();
    const refused = await call('/v1/messages', { body: messages('Hello', { temperature: 7 }) });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ type: 'error', request_id: refused.headers.get('x-request-id') });
    const openai = await call('/v1/chat/completions', { body: chat('Hello', { temperature: 7 }) });
    expect([openai.status, await openai.json()]).toMatchObject([
      400,
      { error: { type: 'invalid_request_error', param: 'temperature' } },
    ]);
    const answer = await call('/v1/chat/completions', { body: chat('[[text:Good day]]') });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'Good day' } }] });
    expect(answer.headers.get('x-proxy-model')).toMatch(/^claude-/);
    expect(answer.headers.get('x-proxy-internal')).toBeNull();
    const counted = await call('/v1/messages/count_tokens', {
      body: { model: 'sonnet', messages: chat('Hello').messages },
    });
    expect(await counted.json()).toMatchObject({ input_tokens: expect.any(Number) });
  });

  it('passes errors of the upstream on, before and in a stream', async () => {
    const { call } = shared();
    for (const status of [400, 429, 529]) {
      const answer = await call('/v1/messages', { body: messages(`[[error:${status}]]`) });
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({ type: 'error' });
      const openai = await call('/v1/chat/completions', { body: chat(`[[error:${status}]] once more`) });
      expect(openai.status).toBe(status);
      expect(await openai.json()).toMatchObject({
        error: { message: expect.stringMatching(/./), type: expect.stringMatching(/_error$/) },
      });
    }
    const broken = await (
      await call('/v1/chat/completions', {
        body: chat('[[text:one two three four]][[error-mid:overloaded_error after=2]]', { stream: true }),
      })
    ).text();
    expect(broken).toMatch(/data: \{"error":.*\}\n\n$/);
    expect(broken).not.toContain('The container stopped');
  });

  it('streams event by event, and takes the end mark off', async () => {
    const { call } = shared();
    await call('/v1/messages', { body: messages('Hello') });
    const seen: { at: number; text: string }[] = [];
    const answer = await call('/v1/messages', {
      body: messages('[[text:one two three four five six]][[slow:100]][[chunk:1]]', { stream: true }),
    });
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream()))
      seen.push({ at: performance.now(), text: chunk });
    const deltas = seen.filter(({ text }) => text.includes('content_block_delta'));
    // Held back they would come together; six deltas, 100 ms apart, come one by one.
    expect(deltas.length).toBeGreaterThanOrEqual(5);
    expect(deltas.at(-1)!.at - deltas[0]!.at).toBeGreaterThan(300);
    expect(seen.map(({ text }) => text).join('')).not.toContain('eos');
    expect(seen.at(-1)!.text).toContain('message_stop');
  });

  it('shows life in a stream while it starts: 200 and the dialect’s keepalive before it listens', async () => {
    const { call } = await stopped();
    const openai = await call('/v1/chat/completions', { body: chat('Hello', { stream: true }) });
    const text = await openai.text();
    expect(text).toMatch(/^: /);
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('turns a refusal that comes after the signs of life into the error frame', async () => {
    const { call } = await stopped();
    const text = await (
      await call('/v1/messages', { body: messages('Hello', { stream: true, temperature: 7 }) })
    ).text();
    expect(text).toMatch(/^event: ping\n/);
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{.*"invalid_request_error".*\}\n\n$/);
  });

  it('is killed in mid-stream: the client gets what was there and the dialect’s error; the next request a new container', async () => {
    const here = shared();
    await here.call('/v1/messages', { body: messages('Hello') });
    const before = here.starts();
    for (const [path, pattern] of [
      ['/v1/chat/completions', /data: \{"error":\{.*engine_died.*\}\}\n\n$/],
      ['/v1/messages', /event: error\ndata: \{"type":"error",.*\}\n\n$/],
    ] as const) {
      await here.call(path, { body: messages('Hello') });
      const answer = await here.call(path, {
        body: messages('[[text:one two three four five six]][[slow:200]][[chunk:1]]', { stream: true }),
      });
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = await readUntil(reader, 'one');
      kill();
      for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
      expect(text).toMatch(pattern);
      expect(text).not.toMatch(/\[DONE\]|message_stop/);
      expect((await here.call(path, { body: messages('Hello') })).status).toBe(200);
    }
    expect(here.starts() - before).toBe(2);
  });

  it('is killed while it works on an answer that is not streamed: an error, and nothing is paid twice', async () => {
    const here = shared();
    await here.call('/v1/messages', { body: messages('Hello') });
    upstream().clear();
    const answer = here.call('/v1/messages', { body: messages('[[first:60000]]') });
    await eventually(() => upstream().messageRequests.length === 1);
    kill();
    expect([(await answer).status, await (await answer).json()]).toMatchObject([502, { type: 'error' }]);
    expect(upstream().messageRequests).toHaveLength(1);
  });

  it('is killed between requests: the next request does not notice', async () => {
    const here = await stopped();
    const before = here.starts();
    for (let round = 1; round <= 3; round += 1) {
      expect((await here.call('/v1/chat/completions', { body: chat('Hello') })).status).toBe(200);
      expect(here.starts() - before).toBe(round);
      kill();
    }
  });
});

describe('sleep', { timeout: 120_000 }, () => {
  const shared = sharedLab({ SLEEP_AFTER_S: '1' });

  it('comes when nothing was asked for a while, not while a body is open; a request wakes it', async () => {
    const here = shared();
    const text = await (
      await here.call('/v1/messages', {
        body: messages('[[text:one two three four five six]][[slow:500]][[chunk:1]]', { stream: true }),
      })
    ).text();
    expect(text).toContain('message_stop');
    expect(here.engine.running()).toHaveLength(1);
    await asleep(here);
    expect(here.events.at(-1)).toMatchObject({ kind: 'exit', code: 0 });
    expect((await statuses(here))['g1-i0']).toMatchObject({ state: 'asleep', open: 0 });
    expect((await here.call('/v1/chat/completions', { body: chat('Hello') })).status).toBe(200);
    expect(here.starts()).toBe(2);
    await asleep(here);
  });

  it('comes also after clients that left, before the headers and after, and their turns are ended upstream', async () => {
    const here = shared();
    await here.call('/v1/messages', { body: messages('Hello') });
    upstream().clear();
    await Promise.all([
      leaveAfter(`${here.url}v1/messages`, messages('[[first:60000]] before the headers'), 300),
      leaveAfter(
        `${here.url}v1/messages`,
        messages('[[text:one two three]][[slow:20000]] after the headers', { stream: true }),
        600,
      ),
    ]);
    await eventually(
      () => upstream().messageRequests.length === 2 && upstream().messageRequests.every(({ aborted }) => aborted),
    );
    expect((await statuses(here))['g1-i0']).toMatchObject({ open: 0 });
    await asleep(here);
  });

  it('comes also when the client left while the container was starting', async () => {
    const here = shared();
    const before = here.starts();
    await leaveAfter(`${here.url}v1/messages`, messages('Hello', { stream: true }), 150);
    await leaveAfter(`${here.url}v1/messages`, messages('Hello'), 50);
    await eventually(() => here.starts() === before + 1);
    await asleep(here);
  });
});

describe('several instances', { timeout: 120_000 }, () => {
  const holding = programImage('holds-conversations.ts', { HOLDS: '18' });

  it('a full home sends new conversations away, remembers where, and keeps those it holds', async () => {
    const here = await lab({ INSTANCE_CAPACITY: '1', INSTANCES: '2' }, holding);
    const busy = (name: string) =>
      here.call('/v1/messages', {
        body: messages('lasts:1500', { stream: true }),
        headers: { 'x-conversation-id': name },
      });
    const ask = async (name: string): Promise<number> => {
      const answer = await here.call('/v1/messages', {
        body: messages('Hello'),
        headers: { 'x-conversation-id': name },
      });
      await answer.text();
      return answer.status;
    };
    const first = await busy('first');
    expect(await ask('second')).toBe(200);
    expect(here.starts()).toBe(2);
    expect(await ask('first')).toBe(200);
    await first.text();
    // Home has room again, and still the second conversation goes where its process is.
    const second = await busy('second');
    expect(await statuses(here)).toMatchObject({
      'g1-i0': { open: 0, conversations: 1 },
      'g1-i1': { open: 1, conversations: 1 },
    });
    await second.text();
  });

  it('says 429 when every instance is full', async () => {
    const here = await lab({ INSTANCE_CAPACITY: '1', INSTANCES: '2' });
    const busy = (name: string) =>
      here.call('/v1/messages', {
        body: messages('[[text:one two three]][[slow:3000]]', { stream: true }),
        headers: { 'x-conversation-id': name },
      });
    const open = await Promise.all([busy('first'), busy('second')]);
    const refused = await here.call('/v1/messages', {
      body: messages('Hello'),
      headers: { 'x-conversation-id': 'third' },
    });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    const openai = await here.call('/v1/chat/completions', {
      body: chat('Hello'),
      headers: { 'x-conversation-id': 'third' },
    });
    expect([openai.status, openai.headers.get('retry-after'), await openai.json()]).toMatchObject([
      429,
      '5',
      { error: { message: expect.stringContaining('Every instance is busy') } },
    ]);
    await Promise.all(open.map((each) => each.body!.cancel()));
    await eventually(
      async () =>
        (await here.call('/v1/messages', { body: messages('Hello'), headers: { 'x-conversation-id': 'third' } }))
          .status === 200,
    );
  });

  it('with several homes each conversation has its own, whatever else it says', async () => {
    const here = await lab({ INSTANCES: '3', HOMES: '3' }, holding);
    const names = Array.from({ length: 6 }, (_, index) => `c${index}`);
    for (const name of [...names, ...names])
      await (
        await here.call('/v1/messages', { body: messages('Hello'), headers: { 'x-conversation-id': name } })
      ).text();
    const held = Object.values(await statuses(here)).map(({ conversations }) => conversations);
    // Each in one home alone, though asked twice; and more homes than one have some.
    expect(held.reduce((sum, each) => sum + each, 0)).toBe(names.length);
    expect(Math.max(...held)).toBeLessThan(names.length);
    expect(here.starts()).toBe(held.filter((each) => each > 0).length);
  });

  it('a home that has slept still knows where it sent a conversation', async () => {
    const here = await lab({ INSTANCE_CAPACITY: '1', INSTANCES: '2', SLEEP_AFTER_S: '1' }, holding);
    const ask = (name: string, more: object = {}, content = 'Hello') =>
      here.call('/v1/messages', { body: messages(content, more), headers: { 'x-conversation-id': name } });
    const first = await ask('first', { stream: true }, 'lasts:1500');
    expect((await ask('second')).status).toBe(200);
    await first.text();
    await asleep(here);
    expect((await ask('second')).status).toBe(200);
    expect(await statuses(here)).toMatchObject({
      'g1-i0': { state: 'asleep' },
      'g1-i1': { state: 'ready', conversations: 1 },
    });
  });

  it('a new generation has instances of its own, and the old ones fall asleep', async () => {
    const settings = {
      ENGINE: 'anthropic-api',
      ANTHROPIC_API_KEY: 'sk-demo',
      ANTHROPIC_BASE_URL: upstream().url,
      LOG_LEVEL: 'silent',
      SLEEP_AFTER_S: '2',
    };
    const here = await lab(settings);
    expect((await here.call('/v1/messages', { body: messages('Hello') })).status).toBe(200);
    const old = here.engine.running()[0]?.pid;
    await here.redeploy({ ...settings, GENERATION: 'g2' });
    expect((await here.call('/v1/messages', { body: messages('Hello') })).status).toBe(200);
    expect(here.starts()).toBe(2);
    expect(Object.keys(await statuses(here))[0]).toBe('g2-i0');
    await eventually(() => !here.engine.running().some(({ pid }) => pid === old));
  });
});
