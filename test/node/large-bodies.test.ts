/** Whoever sends more than the server takes must still be able to read why. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chat } from '../http/set-up.ts';
import { head, rawClient } from './raw-client.ts';
import { startServer } from './start-server.ts';

const env = { MAX_BODY_BYTES: '100000' };
const SIZES = [150_000, 300_000, 500_000, 1_000_000, 4_000_000];
const ROUNDS = 12;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-bodies-'));
  for (const size of SIZES) writeFileSync(join(folder, String(size)), 'x'.repeat(size));
});
afterAll(() => rm(folder, { recursive: true }));

const chunked = (size: number) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < size; at += 50_000) controller.enqueue(new Uint8Array(50_000).fill(120));
      controller.close();
    },
  });

describe('a body over the limit', () => {
  it('is refused so that fetch reads the answer, each time', async () => {
    const { server, post } = await startServer({ env });
    for (const size of Array.from({ length: ROUNDS }, () => SIZES).flat()) {
      for (const body of ['x'.repeat(size), chunked(size)]) {
        const response = await post(undefined, { body, duplex: 'half' });
        expect(response.status).toBe(413);
        expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('MAX_BODY_BYTES') } });
      }
    }
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  });

  it('is refused so that curl reads the answer, each time', async () => {
    const { server } = await startServer({ env });
    for (const size of Array.from({ length: 4 }, () => SIZES).flat()) {
      for (const header of ['Accept: */*', 'Transfer-Encoding: chunked', 'Expect:', 'Connection: close']) {
        const { stdout } = await promisify(execFile)('curl', [
          '-sS',
          '-w%{http_code}',
          '-HContent-Type: application/json',
          `-H${header}`,
          '--data-binary',
          `@${join(folder, String(size))}`,
          `${server.url}/v1/chat/completions`,
        ]);
        expect(stdout, `${size} ${header}`).toMatch(/MAX_BODY_BYTES.*413$/);
      }
    }
  });

  it('is refused so that a client reads the answer that sends all of it first, slowly, and wants to close', async () => {
    const { server } = await startServer({ env });
    for (const connection of ['close', 'keep-alive']) {
      using client = await rawClient(server.port, head({ 'content-length': 3_000_000, connection }));
      client.socket.pause();
      for (let sent = 0; sent < 30; sent += 1) {
        client.socket.write('x'.repeat(100_000));
        await pause(30);
      }
      client.socket.resume();
      await expect.poll(client.received).toContain('MAX_BODY_BYTES');
      expect(client.received()).toMatch(/^HTTP\/1\.1 413 /);
      if (connection === 'close') expect(await client.closed).toBe('end');
    }
  });

  it('leaves the connection fit for the next request once it was read', async () => {
    const { server } = await startServer({ env });
    using client = await rawClient(server.port, head({ 'content-length': 500_000 }));
    client.socket.write('x'.repeat(500_000));
    await expect.poll(client.received).toContain('MAX_BODY_BYTES');
    const body = JSON.stringify(chat());
    client.socket.write(head({ 'content-length': body.length }) + body);
    await expect.poll(client.received).toContain('"Hello"');
  });

  it('is not read for ever', async () => {
    const limits = { linger: { bytes: 1_000_000, silenceMs: 200, totalMs: 10_000 } };
    const { server } = await startServer({ env, limits });
    using endless = await rawClient(server.port, head({ 'content-length': 1e12 }));
    const more = setInterval(() => endless.socket.write('x'.repeat(100_000)), 1);
    await endless.closed;
    clearInterval(more);
    expect(endless.socket.bytesWritten).toBeLessThan(50_000_000);
    using silent = await rawClient(server.port, head({ 'content-length': 1e12 }));
    expect(await silent.closed).toBe('end');
    expect(silent.received()).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a body that nobody reads', () => {
  it('is thrown away behind the refusal of its key', async () => {
    const { post } = await startServer({ env: { PROXY_API_KEY: 'the key' } });
    for (const size of SIZES) {
      const response = await post(undefined, { body: 'x'.repeat(size), headers: { 'x-api-key': 'another' } });
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('PROXY_API_KEY');
    }
  });
});
