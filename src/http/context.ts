/** What the middlewares store for the handlers. */
import type { Context } from 'hono';
import type { Caller } from '../access/callers.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { RequestRecord } from './request/request-record.ts';
import type { BodySource } from './request/body.ts';

/** The connection of a request; a Worker does not see its socket. */
export interface Peer {
  readonly body?: BodySource;
  /** Of the client; behind a trusted proxy, the one that it forwarded. */
  readonly address?: string;
  /** A valid key was used on it, so the connection is kept when strangers are many. */
  readonly trust?: () => void;
}

export interface HttpEnv {
  Bindings?: { readonly peer?: Peer };
  Variables: {
    /** Of the request's path and headers; what goes wrong is written in it. */
    dialect: Dialect;
    /** `req_…`, created here; a caller's own id is never adopted. */
    requestId: string;
    /** Aborted when the client goes away. */
    signal: AbortSignal;
    /** The caller's owner; undefined on open routes without a right key. */
    owner: string | undefined;
    /** The key's identity; undefined as `owner` is. */
    caller: Caller | undefined;
    record: RequestRecord;
  };
}

export type HttpContext = Context<HttpEnv>;
