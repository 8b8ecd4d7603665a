import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/node/config.ts';
import { createServer, type RunningServer } from '../../src/node/server.ts';
import {
  answer,
  beginning,
  quietLog,
  ScriptedEngine,
  settled,
  silence,
  until,
  type Script,
} from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

const start = async (env: Record<string, string> = {}, script?: Script, maxTurns?: number) => {
  const parsed = parseConfig({ PORT: '0', DRAIN_TIMEOUT_MS: '10000', ...env });
  if (!parsed.ok) throw new Error(parsed.problems.join());
  const engine = Object.assign(new ScriptedEngine(script), maxTurns !== undefined && { maxTurns });
  const server = await createServer({ config: parsed.config, engine, login: 'a login', log: quietLog });
  running.push(server);
  const post = (body: object, init: RequestInit = {}) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...init,
    });
  return { server, engine, post };
};

describe('the server', () => {
  it('picks a free port and answers on it', async () => {
    const { server, post } = await start();
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(await (await post(chat())).json()).toMatchObject({ choices: [{ message: { content: 'Hello' } }] });
  });

  it('admits no more turns than the engine can run', async () => {
    const { engine, post, server } = await start({ MAX_CONCURRENCY: '16', QUEUE_LIMIT: '1' }, silence, 2);
    const leaving = new AbortController();
    const asked = Array.from({ length: 3 }, () => post(chat(), { signal: leaving.signal }).catch(() => undefined));
    await until(() => engine.running === 2);
    await expect
      .poll(async () => await (await fetch(`${server.url}/health`)).json())
      .toMatchObject({ requests: { running: 2, queued: 1 } });
    expect((await post(chat())).status).toBe(429);
    leaving.abort();
    await Promise.all(asked);
  });

  it('says what to do where the port is taken', async () => {
    const { server } = await start();
    await expect(start({ PORT: String(server.port) })).rejects.toThrow(`Port ${server.port} on 127.0.0.1 is in use.`);
    await expect(start({ HOST: '203.0.113.7', PROXY_API_KEY: 'k' })).rejects.toThrow(
      'HOST is no address of this machine.',
    );
  });

  it('notices that a client left a stream, and one that left before it', async () => {
    for (const script of [
      silence,
      async function* (...args) {
        yield* beginning();
        yield* silence(...args);
      },
    ] as Script[]) {
      const { engine, post } = await start({ HEADER_WAIT_MS: '1' }, script);
      const leaving = new AbortController();
      const response = await post(chat({ stream: true }), { signal: leaving.signal });
      expect(response.status).toBe(200);
      await until(() => engine.running === 1);
      leaving.abort();
      await until(() => engine.running === 0);
    }
  });

  it('notices that a client left an answer that is not streamed, also after a large body', async () => {
    const { engine, post } = await start({}, silence);
    for (const user of ['x', 'x'.repeat(5_000_000)]) {
      const leaving = new AbortController();
      const waiting = post(chat({ messages: [{ role: 'user', content: user }] }), { signal: leaving.signal });
      await until(() => engine.running === 1);
      leaving.abort();
      await expect(waiting).rejects.toThrow();
      await until(() => engine.running === 0);
    }
  });

  it('sends each event as it comes', async () => {
    const gate = Promise.withResolvers<void>();
    const { post } = await start({}, async function* () {
      yield* beginning();
      await gate.promise;
      for await (const event of answer('late')) if (event.type !== 'message_start') yield event;
    });
    const response = await post(chat({ stream: true }));
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('"role":"assistant"');
    gate.resolve();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += next.value;
    expect(rest).toMatch(/"late"[\s\S]*\[DONE\]\n\n$/);
  });
});

describe('the end', () => {
  it('lets running answers finish and refuses new ones', async () => {
    const gate = Promise.withResolvers<void>();
    const { server, engine, post } = await start({}, async function* () {
      yield* beginning();
      await gate.promise;
      for await (const event of answer('finished')) if (event.type !== 'message_start') yield event;
    });
    const streamed = await post(chat({ stream: true }));
    const closing = server.close();
    await settled();
    expect((await post(chat())).status).toBe(503);
    expect((await fetch(`${server.url}/health`)).status).toBe(503);
    expect(engine.closed).toBe(false);
    gate.resolve();
    expect(await streamed.text()).toMatch(/"finished"[\s\S]*\[DONE\]/);
    await closing;
    expect(engine.closed).toBe(true);
    await expect(post(chat())).rejects.toThrow();
  });

  it('does not wait for ever', async () => {
    const { server, engine, post } = await start({ DRAIN_TIMEOUT_MS: '50' }, async function* (...args) {
      yield* beginning();
      yield* silence(...args);
    });
    const streamed = await post(chat({ stream: true }));
    await server.close();
    expect(engine.closed).toBe(true);
    expect(await streamed.text()).toContain('The server is shutting down');
  });
});
