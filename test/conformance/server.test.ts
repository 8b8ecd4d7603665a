import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { until } from '../http/scripted-engine.ts';
import { onEveryEngine, startWorld, engines } from './set-up.ts';

const user = (content: string) => ({ role: 'user' as const, content });

onEveryEngine('a client that leaves', (world) => {
  it.each(['[[text:one two three]] [[hang:2]]', '[[hang]]'])(
    'in %j aborts the upstream, streamed or not',
    async (content) => {
      const { post, upstream, engine } = world();
      for (const stream of [true, false]) {
        upstream.clear();
        const leaving = new AbortController();
        const waiting = post(
          '/v1/chat/completions',
          { model: 'gpt-4o', stream, messages: [user(content)] },
          { signal: leaving.signal },
        ).catch((error: unknown) => error);
        await until(() => upstream.messageRequests.length === 1);
        if (stream) await waiting;
        leaving.abort();
        await until(() => upstream.messageRequests.every(({ aborted }) => aborted));
        await until(() => (engine.health().gauges['sessions_running'] ?? 0) === 0);
      }
    },
  );

  it('leaves the server able to serve', async () => {
    const { openai } = world();
    expect(
      (await openai.chat.completions.create({ model: 'gpt-4o', messages: [user('[[text:fine]]')] })).choices[0]?.message
        .content,
    ).toBe('fine');
  });
});

onEveryEngine('models', (world) => {
  it('can be listed and looked up with both SDKs, aliases with what they stand for', async () => {
    const { openai, anthropic } = world();
    const listed = (await Array.fromAsync(openai.models.list())).map(({ id }) => id);
    expect(listed).toEqual(
      expect.arrayContaining([
        'claude-opus-5-5',
        'claude-sonnet-5-5',
        'claude-haiku-5-5',
        'claude-fable-5-2',
        'claude-sonnet-4-5-20250929',
        'gpt-4o',
        'o1-mini',
        'sonnet',
      ]),
    );
    expect((await Array.fromAsync(anthropic.models.list())).map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
    expect(await openai.models.retrieve('gpt-4o')).toMatchObject({
      id: 'gpt-4o',
      object: 'model',
      resolves_to: 'claude-sonnet-4-5-20250929',
    });
    expect(await anthropic.models.retrieve('claude-opus-4-5-20251101')).toMatchObject({
      type: 'model',
      display_name: 'Claude Opus 4.5',
    });
    await expect(openai.models.retrieve('nothing')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(anthropic.models.retrieve('nothing')).rejects.toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error' } },
    });
  });

  const [sonnet, haiku, opus] = [
    'claude-sonnet-4-5-20250929',
    'claude-haiku-4-5-20251001',
    'claude-opus-4-5-20251101',
  ] as const;
  it.each([
    ['gpt-4o', sonnet],
    ['GPT-4o', sonnet],
    ['gpt-4-turbo', sonnet],
    ['gpt-4o-mini', haiku],
    ['gpt-3.5-turbo', haiku],
    ['gpt-4', opus],
    ['o1', opus],
    ['o1-preview', opus],
    ['o1-mini', haiku],
    ['claude-3-5-sonnet-20241022', sonnet],
    ['claude-3-5-haiku-latest', haiku],
    ['claude-3-opus-20240229', opus],
    ['gpt-4.1', sonnet],
    ['gpt-4.1-nano', haiku],
    ['gpt-5', sonnet],
    ['gpt-5-mini', haiku],
    ['o3', opus],
    ['o4-mini', haiku],
    ['codex-mini-latest', haiku],
    ['nobody-knows', sonnet],
    [sonnet, sonnet],
    [haiku, haiku],
    [opus, opus],
    ['claude-opus-5-5', 'claude-opus-5-5'],
    ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
    ['claude-haiku-5-5', 'claude-haiku-5-5'],
    ['claude-fable-5-2', 'claude-fable-5-2'],
    ['sonnet', 'claude-sonnet-5-5'],
    ['opus', 'claude-opus-5-5'],
    ['haiku', 'claude-haiku-5-5'],
    ['fable', 'claude-fable-5-2'],
  ])('%s is answered by %s', async (name, expected) => {
    const { openai, arrived } = world();
    const completion = await openai.chat.completions.create({ model: name, messages: [user('Hi')] });
    expect(completion.model).toBe(expected);
    expect(arrived().map((request) => request.model)).toEqual([expected]);
  });
});

it.each(engines)('keys are checked, and two keys never share a conversation (%s)', async (engineName) => {
  const world = await startWorld(engineName, { PROXY_API_KEY: 'one,two' });
  try {
    const as = (apiKey: string) => new OpenAI({ baseURL: `${world.server.url}/v1`, apiKey, maxRetries: 0 });
    await expect(
      as('three').chat.completions.create({ model: 'gpt-4o', messages: [user('Hi')] }),
    ).rejects.toMatchObject({ status: 401 });
    expect(world.upstream.messageRequests).toHaveLength(0);
    for (const key of ['one', 'two'])
      await as(key).chat.completions.create({ model: 'gpt-4o', messages: [user('Hi')] });
    expect(world.upstream.messageRequests).toHaveLength(2);
    expect(
      await world.anthropic.messages.create({ model: 'gpt-4o', max_tokens: 9, messages: [user('[[text:ok]]')] }),
    ).toMatchObject({ content: [{ text: 'ok' }] });
  } finally {
    await world.stop();
  }
});

it.each(engines)('a web page is refused unless its origin is configured (%s)', async (engineName) => {
  const world = await startWorld(engineName, { CORS_ORIGINS: 'https://app.example' });
  try {
    const from = (origin: string) =>
      world.post('/v1/chat/completions', { model: 'gpt-4o', messages: [user('Hi')] }, { headers: { origin } });
    expect((await from('https://evil.example')).status).toBe(403);
    expect(world.upstream.messageRequests).toHaveLength(0);
    expect((await from('https://app.example')).headers.get('access-control-allow-origin')).toBe('https://app.example');
  } finally {
    await world.stop();
  }
});

it('in the end no process is left', async () => {
  const world = await startWorld('claude-code');
  await Promise.all(
    ['one', 'two', 'three'].map((content) =>
      world.openai.chat.completions.create({ model: 'gpt-4o', messages: [user(content)] }),
    ),
  );
  const started = await childrenOfThisProcess();
  expect(started.length).toBeGreaterThan(0);
  await world.stop();
  const left = async () => (await childrenOfThisProcess()).filter((pid) => started.includes(pid));
  let rest = await left();
  while (rest.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    rest = await left();
  }
  expect(rest).toEqual([]);
});

/** Process ids of running children, zombies not counted. */
const childrenOfThisProcess = async (): Promise<readonly string[]> => {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,stat=,comm=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, stat, comm]) => ppid === String(process.pid) && !stat?.startsWith('Z') && comm !== 'ps')
    .map(([pid]) => pid ?? '');
};
