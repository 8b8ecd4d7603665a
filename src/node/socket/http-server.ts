/** Node's HTTP server around the app: what it expects of clients, and what it does where they do not keep to it. */
import { createServer, type Server } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Peer } from '../../http/context.ts';
import { clientAddress } from './client-address.ts';
import { connectionLimits, Connections, type ConnectionLimits } from './connections.ts';
import { incomingBody, lingerAfterAnswer, type LingerLimits, type PaceLimits } from './incoming-body.ts';

export interface ServerLimits {
  readonly connections: ConnectionLimits;
  /** From the first byte, or the connection, to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the last one of the body. */
  readonly requestMs: number;
  /** The slowest body that is waited for. */
  readonly pace: PaceLimits;
  /** How long a body waits until bodies of others have made room for it. */
  readonly bodyWaitMs: number;
  /** A client that takes no byte of its answer for this long is treated as gone. */
  readonly readerMs: number;
  /** Longer than the idle time of common clients and load balancers, so that they close first. */
  readonly keepAliveMs: number;
  /** Patience with a client that still sends the body of a request that has its answer. */
  readonly linger: LingerLimits;
}

export const serverLimits = (maxConnections: number | 'auto' = 'auto'): ServerLimits => ({
  connections: connectionLimits(maxConnections),
  headersMs: 20_000,
  requestMs: 300_000,
  pace: { silenceMs: 20_000, graceMs: 20_000, bytesPerSecond: 500 },
  bodyWaitMs: 10_000,
  readerMs: 60_000,
  keepAliveMs: 75_000,
  linger: { bytes: 64 * 1024 * 1024, silenceMs: 5_000, totalMs: 30_000 },
});

export type Fetch = (request: Request, env: { readonly peer: Peer }) => Response | Promise<Response>;

export interface ListenOptions {
  readonly hostname: string;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: BlockList;
  readonly limits: ServerLimits;
}

export const createHttpServer = (fetch: Fetch, { hostname, proxies, limits }: ListenOptions): Server => {
  const connections = new Connections(limits.connections);
  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env as HttpBindings;
      const peer: Peer = {
        body: incomingBody(incoming, limits.pace),
        trust: () => connections.trust(incoming.socket),
        get address() {
          return clientAddress(incoming, proxies);
        },
      };
      return fetch(request, { peer });
    },
    // What nobody read of a body is thrown away by `lingerAfterAnswer`, which has more patience with slow clients.
    { hostname, autoCleanupIncoming: false },
  );
  const options = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    // How late those two may be noticed.
    connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
  };
  const server = createServer(options, (incoming, outgoing) => {
    outgoing.once('close', connections.beginAnswer(incoming.socket));
    lingerAfterAnswer(incoming, outgoing, limits.linger);
    void listener(incoming, outgoing);
  });
  server.on('connection', (socket) => connections.add(socket));
  // Node's timer of a socket begins again whenever the client takes a byte; an answer that is not ready is no fault of
  // its reader.
  server.setTimeout(limits.readerMs, (socket: Socket) => {
    if (socket.writableLength > 0 || !connections.hasOpenAnswer(socket)) socket.destroy();
  });
  return server;
};
