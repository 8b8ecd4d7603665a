import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createUpstreamFetch } from '../../src/node/upstream-fetch.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const upstream = async () => {
  let connections = 0;
  const server = createServer((_request, response) => response.end('{"ok":true}'));
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => (connections += 1));
  return { port: await listen(server), connections: () => connections };
};

const get = { method: 'GET', headers: {}, redirect: 'manual' } as const;
const asked = (ask: ReturnType<typeof createUpstreamFetch>, url: string) =>
  ask(url, { ...get, signal: AbortSignal.timeout(10_000) });

describe('the client of the upstream', () => {
  it('keeps a connection for as long as a person thinks', async () => {
    const { port, connections } = await upstream();
    const ask = createUpstreamFetch({});
    for (const idleMs of [0, 5_500]) {
      await pause(idleMs);
      expect(await (await asked(ask, `http://127.0.0.1:${port}/`)).json()).toEqual({ ok: true });
    }
    expect(connections()).toBe(1);
  });

  it('goes through the proxy of the environment, but never to this machine', async () => {
    const { port } = await upstream();
    const proxied: string[] = [];
    const proxy = createServer((incoming, outgoing) => {
      proxied.push(incoming.url ?? '');
      request({ port, host: '127.0.0.1', path: '/' }, (answer) => answer.pipe(outgoing)).end();
    });
    proxy.on('connect', (incoming, socket) => {
      proxied.push(incoming.url ?? '');
      const through = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket);
        socket.pipe(through);
      });
      for (const side of [through, socket]) side.on('error', () => undefined);
    });
    const ask = createUpstreamFetch({ HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}`, NO_PROXY: 'other.test' });
    expect(await (await asked(ask, 'http://api.test/')).json()).toEqual({ ok: true });
    expect(proxied).toHaveLength(1);
    expect(proxied[0]).toContain('api.test');
    for (const host of ['127.0.0.1', 'localhost']) {
      const response = await asked(ask, `http://${host}:${port}/`);
      expect(await response.json()).toEqual({ ok: true });
    }
    expect(proxied).toHaveLength(1);
  });
});
