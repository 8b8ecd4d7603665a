/** Clients that say nothing, say it slowly, or never listen: they must not take anything from the others. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { admissionOf, connectionLimits } from '../../src/node/socket/connections.ts';
import { answer, beginning, delta, until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { head, rawClient } from './raw-client.ts';
import { startServer } from './start-server.ts';

const env = { PROXY_API_KEY: 'the key' };
const connections = { total: 200, strangers: 50 };
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const silentConnections = async (port: number, count: number): Promise<void> => {
  for (let left = count; left > 0; left -= 50) {
    const some = Array.from({ length: Math.min(50, left) }, () => connect(port, '127.0.0.1'));
    for (const socket of some) socket.on('error', () => undefined);
    sockets.push(...some);
    await Promise.all(some.map((socket) => once(socket, 'connect')));
  }
};

const isOpen = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded;

/** Asks for models; over the agent's connection where one is open. */
const ask = async (port: number, agent: Agent): Promise<number> => {
  const sent = request({ port, host: '127.0.0.1', path: '/v1/models', agent, headers: { 'x-api-key': 'the key' } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void } & Socket];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
};

describe('many connections', () => {
  it('of strangers do not keep those out who have a key, nor push them off', async () => {
    const { server } = await startServer({ env, limits: { connections } });
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }));
    expect(await ask(server.port, agent)).toBe(200);
    const [kept] = Object.values(agent.freeSockets).flatMap((each) => each ?? []);
    await silentConnections(server.port, 1_000);
    await until(() => sockets.filter(isOpen).length <= connections.strangers);
    expect(await ask(server.port, agent)).toBe(200);
    expect(kept?.destroyed).toBe(false);
    using fresh = disposable(new Agent());
    expect(await ask(server.port, fresh)).toBe(200);
  });

  it('that wait for answers are all kept; one more is told to come back', async () => {
    const gate = Promise.withResolvers<void>();
    const { server, engine, post } = await startServer({
      limits: { connections: { total: 3, strangers: 2 } },
      script: async function* () {
        await gate.promise;
        yield* answer('done');
      },
    });
    const asked = Array.from({ length: 3 }, () => post(chat()));
    await until(() => engine.running === 3);
    using refused = await rawClient(server.port);
    expect(await refused.closed).toBe('end');
    expect(refused.received()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
    gate.resolve();
    for (const response of await Promise.all(asked)) expect(await response.text()).toContain('done');
    // The oldest that waits for nothing goes.
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);
    using next = await rawClient(server.port, 'GET /ping HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await expect.poll(next.received).toContain('"ok"');
  });

  it.each([
    [{ strangers: 0, known: 0, idle: 0 }, 'admit'],
    [{ strangers: 1, known: 8, idle: 8 }, 'admit'],
    [{ strangers: 2, known: 0, idle: 0 }, 'replace-stranger'],
    [{ strangers: 1, known: 9, idle: 9 }, 'replace-stranger'],
    [{ strangers: 0, known: 10, idle: 1 }, 'replace-idle'],
    [{ strangers: 0, known: 10, idle: 0 }, 'refuse'],
  ])('%j: %s', (counts, admission) => {
    expect(admissionOf(counts, { total: 10, strangers: 2 })).toBe(admission);
  });

  it('are bounded well under the files that may be open', () => {
    expect(connectionLimits('auto', 1_024)).toEqual({ total: 512, strangers: 128 });
    expect(connectionLimits('auto', 1_048_576)).toEqual({ total: 10_000, strangers: 2_500 });
    expect(connectionLimits('auto', 20)).toEqual({ total: 16, strangers: 4 });
    expect(connectionLimits(100, 1_024)).toEqual({ total: 100, strangers: 25 });
    expect(connectionLimits('auto').total).toBeGreaterThanOrEqual(16);
  });
});

describe('a client that is slow', () => {
  it('with its headers is cut', async () => {
    const { server } = await startServer({ limits: { headersMs: 200 } });
    using silent = await rawClient(server.port);
    using slow = await rawClient(server.port, 'GET /ping HTTP/1.1\r\n');
    const more = setInterval(() => slow.socket.write('x-more: x\r\n'), 20);
    await Promise.all([silent.closed, slow.closed]);
    clearInterval(more);
    expect(silent.received() + slow.received()).toContain('408 Request Timeout');
  });

  it('with its body is told so, whether it pauses or trickles', async () => {
    const pace = { silenceMs: 300, graceMs: 600, bytesPerSecond: 500 };
    const { server } = await startServer({ limits: { pace } });
    using silent = await rawClient(server.port, `${head({ 'content-length': 1000 })}{`);
    using slow = await rawClient(server.port, head({ 'content-length': 1000 }));
    const more = setInterval(() => slow.socket.write(' '), 50);
    for (const client of [silent, slow]) {
      await expect.poll(client.received, { timeout: 10_000 }).toContain('"code":"request_timeout"');
      expect(client.received()).toMatch(/^HTTP\/1\.1 408 /);
    }
    clearInterval(more);
  });

  it('with its body, but steady, is waited for', async () => {
    const pace = { silenceMs: 500, graceMs: 300, bytesPerSecond: 50 };
    const { server } = await startServer({ limits: { pace } });
    const body = JSON.stringify(chat());
    using slow = await rawClient(server.port, head({ 'content-length': body.length }));
    for (const character of body) {
      slow.socket.write(character);
      await pause(10);
    }
    await expect.poll(slow.received).toContain('"Hello"');
  });
});

describe('a client that does not read', () => {
  const large = 'x'.repeat(30_000_000);

  it.each([true, false])('is cut after a while, and nothing of it stays (stream: %s)', async (stream) => {
    const { server, engine } = await startServer({
      limits: { readerMs: 300 },
      script: async function* (_turn, signal) {
        yield* beginning();
        yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } };
        for (let sent = 0; sent < 300 && !signal.aborted; sent += 1) yield delta(large.slice(0, 100_000));
        yield { type: 'content_block_stop', index: 0 };
        yield { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } } as never;
        yield { type: 'message_stop' };
      },
    });
    const body = JSON.stringify(chat({ stream }));
    using deaf = await rawClient(server.port, head({ 'content-length': body.length }) + body);
    deaf.socket.pause();
    await until(() => engine.turns.length === 1 && engine.running === 0);
    await server.close();
    deaf.socket.resume();
    await deaf.closed;
    expect(deaf.received().length).toBeLessThan(30_000_000);
  });

  it('gives its place back when the engine has finished', async () => {
    const { server, engine, post } = await startServer({
      env: { MAX_CONCURRENCY: '4', QUEUE_LIMIT: '0' },
      script: () => answer('word '.repeat(200_000)),
    });
    const body = JSON.stringify(chat({ stream: true }));
    const deaf = await Promise.all(
      Array.from({ length: 4 }, () => rawClient(server.port, head({ 'content-length': body.length }) + body)),
    );
    for (const { socket } of deaf) {
      socket.pause();
      sockets.push(socket);
    }
    await until(() => engine.turns.length === 4 && engine.running === 0);
    expect(deaf.every(({ socket }) => isOpen(socket))).toBe(true);
    engine.script = () => answer('Hello');
    expect(await (await post(chat())).text()).toContain('Hello');
  });

  it('for long, but sometimes, gets all of it', async () => {
    const { server } = await startServer({ limits: { readerMs: 2_500 }, script: () => answer(large) });
    const body = JSON.stringify(chat());
    using slow = await rawClient(server.port, head({ 'content-length': body.length }) + body);
    let taken = 0;
    let sincePause = 0;
    slow.socket.on('data', (chunk) => {
      taken += chunk.length;
      sincePause += chunk.length;
      if (sincePause < 2_000_000) return;
      sincePause = 0;
      slow.socket.pause();
      setTimeout(() => slow.socket.resume(), 250);
    });
    await until(() => taken > large.length || slow.socket.destroyed);
    expect(taken).toBeGreaterThan(large.length);
  });

  it('because there is nothing to read yet is not cut', async () => {
    const { post } = await startServer({
      limits: { readerMs: 200 },
      script: async function* () {
        await pause(900);
        yield* answer('late');
      },
    });
    expect(await (await post(chat())).text()).toContain('late');
  });
});

describe('at the end', () => {
  it('an answer that is written and not yet read is still open', async () => {
    const { server } = await startServer({
      env: { DRAIN_TIMEOUT_MS: '20000' },
      script: () => answer('x'.repeat(30_000_000)),
    });
    const body = JSON.stringify(chat());
    using slow = await rawClient(server.port, head({ 'content-length': body.length }) + body);
    await once(slow.socket, 'data');
    slow.socket.pause();
    const closing = server.close();
    await pause(2_500);
    slow.socket.resume();
    await closing;
    await slow.closed;
    expect(slow.received().length).toBeGreaterThan(30_000_000);
    expect(slow.received().endsWith('}')).toBe(true);
  });

  it('does not wait for ever for who never reads', async () => {
    const { server } = await startServer({
      env: { DRAIN_TIMEOUT_MS: '100' },
      script: () => answer('x'.repeat(30_000_000)),
    });
    const body = JSON.stringify(chat());
    using deaf = await rawClient(server.port, head({ 'content-length': body.length }) + body);
    await once(deaf.socket, 'data');
    deaf.socket.pause();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });
});

const disposable = (agent: Agent): Agent & Disposable =>
  Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
