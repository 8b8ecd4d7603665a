/** The two proxy configurations with the real proxies, where they are installed, before three little servers. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../worker/lab.ts';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { claudeCodeTo, endAfterEach, listening, start } from '../node/spawned-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const installed = (program: string): boolean => {
  const { status } = spawnSync('sh', ['-c', `command -v ${program}`], { env });
  if (status !== 0)
    console.log(`SKIPPED: the hash proxy with ${program}, which is not installed (apt-get install ${program})`);
  return status === 0;
};

const servers: Server[] = [];
const draining = new Set<string>();
const left: string[] = [];
/** Requests at which a server has died. */
let died = 0;
const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Says its own name; `/stream` sends it in three parts; one that drains answers 503 to everything new. */
const namedServer = (name: string): Server =>
  createServer((request, response) => {
    request.resume().on('end', () => {
      if (draining.has(name)) return response.writeHead(503).end('draining');
      if (request.url === '/dies') {
        died += 1;
        return request.socket.destroy();
      }
      if (request.url !== '/stream') return response.end(name);
      response.on('close', () => response.writableFinished || left.push(name));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      setTimeout(() => response.write('data: 2\n\n'), 300);
      return undefined;
    });
  });

const ports: number[] = [];
beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) {
    const server = namedServer(name);
    servers.push(server);
    ports.push(await listen(server));
  }
});
afterAll(() => servers.forEach((server) => (server.closeAllConnections(), server.close())));

let dir: string;
let proxy: ChildProcess;
let url: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hash-proxy-'));
});
afterEach(async () => {
  draining.clear();
  proxy.kill();
  await once(proxy, 'exit');
  await rm(dir, { recursive: true });
});

const started = async (
  program: string,
  args: readonly string[],
  { port, more = {} }: { port: number; more?: Record<string, string> },
): Promise<void> => {
  url = `http://127.0.0.1:${port}`;
  proxy = spawn(program, args, { stdio: 'ignore', env: { ...env, ...more } });
  for (let tries = 0; ; tries += 1) {
    const up = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return;
    if (tries > 200) throw new Error(`${program} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Knows one name, and answers as long as the one who asks can take it; longer answers are cut, as DNS does. */
const startDns = async (hosts: readonly string[]): Promise<Socket> => {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === 1;
    const [edns] = query.readUInt16BE(10) === 0 ? [] : [query.readUInt16BE(end + 3)];
    const answers = isA
      ? hosts.map((host) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...host.split('.').map(Number)]))
      : [];
    const cut = end + answers.length * 16 > (edns ?? 512);
    const given = cut ? [] : answers;
    const head = Buffer.from(query.subarray(0, end));
    head.writeUInt16BE(cut ? 0x8380 : 0x8180, 2);
    head.writeUInt16BE(given.length, 6);
    head.writeUInt16BE(0, 10);
    socket.send(Buffer.concat([head, ...given]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  return port;
};

const startHaproxy = async (backends: readonly (number | undefined)[] = ports): Promise<void> => {
  const port = await freePort();
  const config = (await readFile(join(root, 'deploy/hash-proxy/haproxy.cfg'), 'utf8'))
    .replace('bind :8080', `bind 127.0.0.1:${port}`)
    .replace(
      /^ {4}server-template .*$/m,
      backends.map((backend, slot) => `    server server-${slot + 1} 127.0.0.1:${backend}`).join('\n'),
    );
  await writeFile(join(dir, 'haproxy.cfg'), config);
  await started('haproxy', ['-f', join(dir, 'haproxy.cfg')], { port });
};

const startNginx = async (): Promise<void> => {
  const port = await freePort();
  const config = (await readFile(join(root, 'deploy/hash-proxy/nginx.conf'), 'utf8'))
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll(
      /server server-(\d):8080 resolve;/g,
      (_, index: string) => `server 127.0.0.1:${ports[Number(index) - 1]};`,
    )
    .replace(/^ *resolver .*$/m, '');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  await writeFile(
    join(dir, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; pid ${dir}/pid; error_log ${dir}/error.log; events {} http { access_log off; ${paths}\n${config}\n}`,
  );
  await started('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], { port });
};

const ask = async (headers: Record<string, string>, body: unknown = {}): Promise<string> =>
  (
    await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  ).text();
const named = (index: number): Record<string, string> => ({ 'x-conversation-id': `conversation ${index}` });
const indices = Array.from({ length: 60 }, (_, index) => index);

const shared = (start: () => Promise<void>): void => {
  it('keeps each conversation at one server and spreads them over all', async () => {
    await start();
    const homes = await Promise.all(indices.map((index) => ask(named(index))));
    expect(await Promise.all(indices.map((index) => ask(named(index), { more: 'text' })))).toEqual(homes);
    expect(new Set(homes)).toEqual(new Set(['a', 'b', 'c']));
  });

  it('asks another server when one is shutting down, and leaves the others’ conversations where they are', async () => {
    await start();
    const homes = await Promise.all(indices.map((index) => ask(named(index))));
    draining.add('b');
    const then = await Promise.all(indices.map((index) => ask(named(index))));
    expect(then).not.toContain('draining');
    indices.forEach((index) =>
      homes[index] === 'b' ? expect(['a', 'c']).toContain(then[index]) : expect(then[index]).toBe(homes[index]),
    );
  });

  it.each([200, 900])('asks another server also with a body of %i kB', async (kilobytes) => {
    await start();
    const text = 'x'.repeat(kilobytes * 1000);
    const some = indices.slice(0, 20);
    const homes = await Promise.all(some.map((index) => ask(named(index), { text })));
    draining.add('b');
    const then = await Promise.all(some.map((index) => ask(named(index), { text })));
    expect(homes).toContain('b');
    expect(
      then.map((each, index) => (each === 'a' || each === 'c') && (homes[index] === 'b' || homes[index] === each)),
    ).toEqual(some.map(() => true));
  });

  it('does not send a request again that a server has died of: it may have been paid', async () => {
    await start();
    died = 0;
    const answer = await fetch(`${url}/dies`, { method: 'POST', body: '{}', headers: named(1) });
    expect([answer.status, died]).toEqual([502, 1]);
  });

  it('does not hold a stream back, and tells the server that the client has left', async () => {
    await start();
    left.length = 0;
    const reader = (await fetch(`${url}/stream`)).body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n');
    await reader.cancel();
    for (let tries = 0; left.length === 0 && tries < 400; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect(left).toHaveLength(1);
  });
};

const older =
  Number(/version (\d+)/.exec(spawnSync('haproxy', ['-v'], { env, encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0) < 3;
if (older) console.log('SKIPPED: copies of HAProxy that agree: that needs HAProxy 3.0');

describe.skipIf(!installed('haproxy'))('HAProxy', { timeout: 60_000 }, () => {
  endAfterEach();
  shared(() => startHaproxy());

  it.skipIf(older)(
    'two copies that found the servers in another order send a conversation to the same one',
    async () => {
      await startHaproxy();
      const homes = await Promise.all(indices.map((index) => ask(named(index))));
      proxy.kill();
      await once(proxy, 'exit');
      await startHaproxy([2, 0, 1].map((index) => ports[index]));
      expect(await Promise.all(indices.map((index) => ask(named(index))))).toEqual(homes);
    },
  );

  it('finds a fresh server with the real engine, which nobody has asked for anything yet', async () => {
    const upstream = await startDemoUpstream();
    const server = await listening(start(claudeCodeTo(upstream)));
    await startHaproxy([Number(new URL(server).port)]);
    // A server counts as ready until its first checks; the engine may take longer than these.
    await eventually(async () => (await fetch(`${url}/ready`)).ok);
    expect(
      await ask({}, { model: 'haiku', max_tokens: 9, messages: [{ role: 'user', content: '[[text:Found]]' }] }),
    ).toContain('Found');
    await upstream.close();
  });

  it('finds forty servers by a name, in one answer of DNS', async () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `127.0.1.${index + 1}`);
    const server = createServer((request, response) => response.end(request.socket.localAddress));
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const dns = await startDns(hosts);
    const port = await freePort();
    const config = (await readFile(join(root, 'deploy/hash-proxy/haproxy.cfg'), 'utf8'))
      .replace('bind :8080', `bind 127.0.0.1:${port}`)
      .replace('parse-resolv-conf', `nameserver test 127.0.0.1:${dns.address().port}`);
    await writeFile(join(dir, 'haproxy.cfg'), config);
    const backends = `servers.example:${(server.address() as AddressInfo).port}`;
    await started('haproxy', ['-f', join(dir, 'haproxy.cfg')], { port, more: { BACKENDS: backends } });
    const all = Array.from({ length: 600 }, (_, index) => index);
    // A server is there when DNS and the first checks have found it.
    for (let seen = new Set<string>(), tries = 0; seen.size < hosts.length; tries += 1) {
      if (tries > 20) expect([...seen].toSorted()).toEqual(hosts.toSorted());
      seen = new Set(await Promise.all(all.map((index) => ask(named(index)))));
    }
    dns.close();
    server.closeAllConnections();
    server.close();
  });

  it('without a header goes by key, system text and first message, in both APIs', async () => {
    await startHaproxy();
    const later = [
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'And now?' },
    ];
    for (const first of [
      (index: number) => `Question ${index}`,
      (index: number) => [{ type: 'text', text: `Question ${index}` }],
    ]) {
      const anthropic = (index: number, more: object[] = []) =>
        ask(
          { 'x-api-key': 'k' },
          { system: 'Be brief.', messages: [{ role: 'user', content: first(index) }, ...more] },
        );
      const openai = (index: number, more: object[] = []) =>
        ask(
          { authorization: 'Bearer k' },
          { messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: first(index) }, ...more] },
        );
      for (const each of [anthropic, openai]) {
        const homes = await Promise.all(indices.map((index) => each(index)));
        expect(await Promise.all(indices.map((index) => each(index, later)))).toEqual(homes);
        expect(new Set(homes).size).toBe(3);
      }
    }
  });

  it('does so also when the system text comes behind messages that grow to 500 kB', async () => {
    await startHaproxy();
    const later = [
      { role: 'assistant', content: 'x'.repeat(500_000) },
      { role: 'user', content: 'And now?' },
    ];
    const asked = (index: number, more: object[] = []): Promise<string> =>
      ask(
        { 'x-api-key': 'k' },
        { messages: [{ role: 'user', content: `Question ${index}` }, ...more], system: 'Be brief.' },
      );
    const some = indices.slice(0, 30);
    const homes = await Promise.all(some.map((index) => asked(index)));
    expect(await Promise.all(some.map((index) => asked(index, later)))).toEqual(homes);
  });
});

const nginxVersion = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(
  spawnSync('nginx', ['-v'], { env, encoding: 'utf8' }).stderr ?? '',
);
const looksUpLater =
  nginxVersion !== null &&
  Number(nginxVersion[1]) * 1e6 + Number(nginxVersion[2]) * 1e3 + Number(nginxVersion[3]) >= 1_027_003;
if (!looksUpLater) console.log('SKIPPED: nginx with a name that is missing: that needs nginx 1.27.3');

describe.skipIf(!installed('nginx'))('nginx', { timeout: 60_000 }, () => {
  shared(startNginx);

  it.skipIf(!looksUpLater)('starts though a name is missing', async () => {
    const port = await freePort();
    const config = (await readFile(join(root, 'deploy/hash-proxy/nginx.conf'), 'utf8'))
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('server server-1:8080 resolve;', `server 127.0.0.1:${ports[0]};`);
    await writeFile(
      join(dir, 'nginx.conf'),
      `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; events {} http {\n${config}\n}`,
    );
    await started('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], { port });
  });
});
