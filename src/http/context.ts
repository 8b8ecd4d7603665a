/** What the middlewares leave for the handlers. */
import type { Context } from 'hono';
import type { RequestLine } from './request-log.ts';

export interface HttpEnv {
  Variables: {
    /** `req_…`, made here; a caller's own id is never taken over. */
    requestId: string;
    /** Aborted when the client goes away. Taken early: reading a large body replaces the raw request. */
    signal: AbortSignal;
    /** The caller's owner; undefined on open routes without a right key. */
    owner: string | undefined;
    line: RequestLine;
  };
}

export type HttpContext = Context<HttpEnv>;
