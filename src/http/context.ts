/** What the middlewares leave for the handlers. */
import type { Context } from 'hono';
import type { BodySource } from './body.ts';
import type { RequestLine } from './request-log.ts';

/** The connection that a request came on, where this process holds its socket; a Worker does not. */
export interface Peer {
  readonly body: BodySource;
}

export interface HttpEnv {
  Bindings?: { readonly peer?: Peer };
  Variables: {
    /** `req_…`, made here; a caller's own id is never taken over. */
    requestId: string;
    /** Aborted when the client goes away. */
    signal: AbortSignal;
    /** The caller's owner; undefined on open routes without a right key. */
    owner: string | undefined;
    line: RequestLine;
  };
}

export type HttpContext = Context<HttpEnv>;
