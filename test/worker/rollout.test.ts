/** The server or its settings change while answers run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { chat, demoLabs, messages } from './demo-labs.ts';
import { eventually, programImage, serverImage } from './lab.ts';

const { lab, upstream } = demoLabs();

describe('a rollout', { timeout: 120_000 }, () => {
  it('lets running answers finish in the old container and serves the next from a new one', async () => {
    let version = 1;
    const here = await lab({ DRAIN_TIMEOUT_MS: '20000' }, () =>
      version === 1 ? serverImage() : programImage('before-the-mark.ts'),
    );
    await here.call('/v1/messages', { body: messages('Hello') });
    const running = await here.call('/v1/messages', {
      body: messages('[[text:one two three four]][[slow:300]][[chunk:1]]', { stream: true }),
    });
    version = 2;
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGTERM');
    await sleep(100);
    const next = here
      .call('/v1/chat/completions', { body: chat('Hello', { stream: true }) })
      .then((answer) => answer.text());
    expect(await running.text()).toContain('message_stop');
    expect(await next).toContain('{"old":true}');
    expect(here.starts()).toBe(2);
  });

  it('with other settings replaces the container, and with the same ones keeps it', async () => {
    const here = await lab();
    expect((await here.call('/v1/models/gpt-4o')).status).toBe(200);
    await here.call('/v1/messages', { body: messages('Hello') });
    const settings = { ENGINE: 'anthropic-api', ANTHROPIC_BASE_URL: upstream().url, LOG_LEVEL: 'silent' };
    await here.redeploy({ ...settings, ANTHROPIC_API_KEY: 'sk-demo', LIFE_SIGN_AFTER_MS: '50' });
    expect((await here.call('/v1/messages', { body: messages('Hello') })).status).toBe(200);
    upstream().clear();
    await here.redeploy({ ...settings, ANTHROPIC_API_KEY: 'sk-rotated' });
    expect((await here.call('/v1/messages', { body: messages('Hello') })).status).toBe(200);
    expect(upstream().messageRequests.at(-1)?.headers).toMatchObject({ 'x-api-key': 'sk-rotated' });
    expect(here.starts()).toBe(2);
  });

  it('does not replace a container because a client key was added or taken away', async () => {
    const here = await lab();
    await here.call('/v1/messages', { body: messages('Hello') });
    const settings = { ENGINE: 'anthropic-api', ANTHROPIC_BASE_URL: upstream().url, LOG_LEVEL: 'silent' };
    await here.redeploy({ ...settings, ANTHROPIC_API_KEY: 'sk-demo', PROXY_API_KEY: 'first-key,second-key' });
    const ask = (key: string) =>
      here.call('/v1/messages', { body: messages('Hello'), headers: { authorization: `Bearer ${key}` } });
    expect([(await ask('second-key')).status, (await ask('first-key')).status, here.starts()]).toEqual([200, 200, 1]);
    await here.redeploy({ ...settings, ANTHROPIC_API_KEY: 'sk-demo', PROXY_API_KEY: 'second-key' });
    expect([(await ask('second-key')).status, (await ask('first-key')).status, here.starts()]).toEqual([200, 401, 1]);
  });

  it('leaves a long answer its time, where there is no other instance; who comes meanwhile sees life and is served after it', async () => {
    // Far less than the answer takes: it is for containers that have nothing to finish.
    const here = await lab({ INSTANCES: '1', END_WITHIN_MS: '500', DRAIN_TIMEOUT_MS: '60000' });
    await here.call('/v1/messages', { body: messages('Hello') });
    const long = await here.call('/v1/messages', {
      body: messages('[[text:one two three four five six seven eight]][[slow:500]][[chunk:1]]', { stream: true }),
    });
    const running = { ended: false, text: long.text().finally(() => (running.ended = true)) };
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGTERM');
    await sleep(100);
    const next = await here.call('/v1/messages', { body: messages('[[text:Hello]]', { stream: true }) });
    const reader = next.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let signs = 0; signs < 3; signs += 1) expect((await reader.read()).value).toContain('event: ping');
    expect([running.ended, here.starts()]).toEqual([false, 1]);
    expect(await running.text).toMatch(/eight[\s\S]*message_stop/);
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
    expect(rest).toMatch(/Hello[\s\S]*message_stop/);
    expect(here.starts()).toBe(2);
  });

  it('sends new turns to another instance while answers go on in the old container', async () => {
    const here = await lab({ INSTANCES: '2', DRAIN_TIMEOUT_MS: '60000' });
    await here.call('/v1/messages', { body: messages('Hello') });
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    const long = await here.call('/v1/messages', {
      body: messages(`[[text:${words}]][[slow:500]][[chunk:1]]`, { stream: true }),
    });
    const leave = new AbortController();
    let text = '';
    const write = (part: string): void => void (text += part);
    const read = long.body!.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write }), leave);
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGTERM');
    await sleep(100);
    for (const body of [messages('Hello'), messages('Something else'), messages('Hello')])
      expect((await here.call('/v1/messages', { body })).status).toBe(200);
    expect(here.starts()).toBe(2);
    // It goes on for half a minute: nobody waits for its end here.
    const before = text;
    await eventually(() => text.length > before.length);
    expect(text.slice(before.length)).toMatch(/word\d/);
    leave.abort();
    await read.catch(() => undefined);
  });
});
