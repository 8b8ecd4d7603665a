/** Containers that go wrong, each played by a little program: what the client is told. */
import { afterEach, describe, expect, it } from 'vitest';
import { programImage, startLab, type Lab } from './lab.ts';

const labs: Lab[] = [];
const lab = async (program: string, vars: Record<string, string> = {}): Promise<Lab> => {
  const made = await startLab({
    image: programImage(program),
    vars: { LIFE_SIGN_AFTER_MS: '50', LIFE_SIGN_EVERY_MS: '100', ...vars },
  });
  labs.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(labs.splice(0).map((each) => each.close()));
});

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

describe('a container that goes wrong', { timeout: 120_000 }, () => {
  it('dies in a JSON answer: 502 in the dialect', async () => {
    const { call } = await lab('cuts-json.ts');
    const answer = await call('/v1/messages', { body: { ...chat, max_tokens: 10 } });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: 'The container stopped before the answer was complete.' },
    });
    const openai = await call('/v1/chat/completions', { body: chat });
    expect(openai.status).toBe(502);
    expect(await openai.json()).toMatchObject({ error: { code: 'engine_died' } });
  });

  it('ends a stream cleanly without its mark: the error frame, and nothing of the frame that was cut', async () => {
    const { call } = await lab('ends-without-mark.ts');
    const text = await (await call('/v1/chat/completions', { body: { ...chat, stream: true } })).text();
    expect(text).toContain('data: {"first":true}\n\n');
    expect(text).not.toContain('{"cut');
    expect(text).toMatch(/data: \{"error":\{.*"engine_died".*\}\}\n\n$/);
    const anthropic = await (await call('/v1/messages', { body: { ...chat, max_tokens: 1, stream: true } })).text();
    expect(anthropic).toMatch(/event: error\ndata: \{"type":"error",.*\}\n\n$/);
  });

  it('is of an older version that has no mark: its end counts', async () => {
    const { call } = await lab('before-the-mark.ts');
    const text = await (await call('/v1/chat/completions', { body: { ...chat, stream: true } })).text();
    expect(text).toMatch(/data: \{"old":true\}\n\ndata: \[DONE\]\n\n$/);
    expect(text).not.toContain('error');
  });

  it('ends right after its start: 503 that says so, after a few tries', async () => {
    const { call, starts } = await lab('exits-at-once.ts');
    const answer = await call('/v1/chat/completions', { body: chat });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining('ends right after its start') },
    });
    expect(starts()).toBe(3);
  });

  it('does not listen in time: a stream shows life, the others get 503 with what is happening', async () => {
    const { call, starts } = await lab('never-listens.ts', { START_WAIT_MS: '300' });
    const reader = (await call('/v1/messages', { body: { ...chat, max_tokens: 1, stream: true } })).body!.getReader();
    const answer = await call('/v1/chat/completions', { body: chat });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('is starting') } });
    for (let signs = 0; signs < 3; signs += 1)
      expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: ping');
    await reader.cancel();
    expect(starts()).toBe(1);
  });

  it('refuses its settings: the caller gets its words', async () => {
    const { call } = await lab('refuses-settings.ts');
    const answer = await call('/v1/chat/completions', { body: chat });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      error: { message: 'The server in the container refused its settings: No login was found.' },
    });
    const stream = await (await call('/v1/chat/completions', { body: { ...chat, stream: true } })).text();
    expect(stream).toContain('No login was found.');
  });

  it('runs as many turns as its instance takes requests, unless that was said', async () => {
    const settings = async (vars: Record<string, string>): Promise<unknown> =>
      await (await (await lab('tells-what-it-got.ts', vars)).call('/v1/messages', { body: chat })).json();
    expect(await settings({ INSTANCE_CAPACITY: '32' })).toMatchObject({
      bootstraps: [{ settings: { MAX_CONCURRENCY: '32' } }],
    });
    expect(await settings({ INSTANCE_CAPACITY: '32', MAX_CONCURRENCY: '4' })).toMatchObject({
      bootstraps: [{ settings: { MAX_CONCURRENCY: '4' } }],
    });
  });

  it('sees neither secrets in its environment nor headers that are not the client’s own', async () => {
    const { call } = await lab('tells-what-it-got.ts', {
      ANTHROPIC_API_KEY: 'sk-secret',
      CLAUDE_CODE_OAUTH_TOKEN: 'oauth-secret',
    });
    const headers = {
      'cf-container-target-port': '22',
      'x-forwarded-for': '1.2.3.4',
      'x-proxy-internal': '{"role":"home"}',
      'x-request-id': 'mine',
      'anthropic-version': '2023-06-01',
    };
    const body = '{"model":"gpt-4o",\n "messages":[{"role":"user","content":"é"}]}';
    const answer = await call('/v1/messages?beta=true', { body, headers });
    const got = (await answer.json()) as {
      url: string;
      headers: Record<string, string>;
      body: string;
      environment: Record<string, string>;
    };
    expect(got.url).toBe('/v1/messages?beta=true');
    expect(got.body).toBe(body);
    expect(got.headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'x-proxy-internal': 'eos',
      'x-request-id': answer.headers.get('x-request-id'),
    });
    for (const name of ['cf-container-target-port', 'x-forwarded-for']) expect(got.headers).not.toHaveProperty(name);
    expect(JSON.stringify(got.environment)).not.toMatch(/sk-secret|oauth-secret|test-key/);
    expect(got.environment['BOOTSTRAP_KEY']).toMatch(/^[0-9a-f]{64}$/);
  });
});
