/** Node's HTTP server around the app: what it expects of clients, and what it does where they do not keep to it. */
import { createServer, type Server } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Peer } from '../http/context.ts';
import { incomingBody, lingerAfterAnswer, type LingerLimits } from './incoming-body.ts';

export interface ServerLimits {
  /** How long a body waits until bodies of others have made room for it. */
  readonly bodyWaitMs: number;
  /** Patience with a client that still sends the body of a request that has its answer. */
  readonly linger: LingerLimits;
}

export const serverLimits: ServerLimits = {
  bodyWaitMs: 10_000,
  linger: { bytes: 64 * 1024 * 1024, silenceMs: 5_000, totalMs: 30_000 },
};

export type Fetch = (request: Request, env: { readonly peer: Peer }) => Response | Promise<Response>;

export const createHttpServer = (
  fetch: Fetch,
  { hostname, limits }: { readonly hostname: string; readonly limits: ServerLimits },
): Server => {
  const listener = getRequestListener(
    (request, env) => fetch(request, { peer: { body: incomingBody((env as HttpBindings).incoming) } }),
    // What nobody read of a body is thrown away by `lingerAfterAnswer`, which has more patience with slow clients.
    { hostname, autoCleanupIncoming: false },
  );
  const server = createServer((incoming, outgoing) => {
    lingerAfterAnswer(incoming, outgoing, limits.linger);
    void listener(incoming, outgoing);
  });
  // Longer than the idle time of common clients and load balancers, so that they close first.
  server.keepAliveTimeout = 75_000;
  return server;
};
