/** Errors and signs of life in the caller's dialect, as bytes and responses. */
import type { Dialect, SseFrame } from '../dialects/dialect.ts';
import { streamFormatOf } from '../http/answer/stream-format.ts';
import { statusOf, toTurnError, type TurnError } from '../turn/errors.ts';
import { REQUEST_ID } from './internal-protocol.ts';

export interface DialectResponder {
  readonly requestId: string;
  error(error: unknown): Response;
  /** The frames that end a stream which cannot go on. */
  errorFrame(error: TurnError): Uint8Array;
  /** The same for an error that the server has rendered already, as a JSON body. */
  renderedFrame(body: string): Uint8Array;
  lifeSign(): Uint8Array;
  stream(body: ReadableStream<Uint8Array>): Response;
}

export const createResponder = (
  dialect: Pick<Dialect, 'renderError' | 'errorFrame' | 'renderedErrorFrame' | 'keepalive' | 'streamFormat'>,
  requestId: string,
): DialectResponder => {
  const format = streamFormatOf(dialect);
  const bytes = (frame: SseFrame): Uint8Array => new TextEncoder().encode(format.encode(frame));
  const ids = { [REQUEST_ID]: requestId, 'request-id': requestId };
  return {
    requestId,
    error: (thrown) => {
      const error = toTurnError(thrown);
      const retry: Record<string, string> =
        error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) };
      return Response.json(dialect.renderError(error, requestId).body, {
        status: statusOf(error),
        headers: { ...ids, ...retry },
      });
    },
    errorFrame: (error) => bytes(dialect.errorFrame(error, requestId)),
    renderedFrame: (body) =>
      bytes(
        dialect.renderedErrorFrame?.(body) ?? { ...dialect.errorFrame(toTurnError(undefined), requestId), data: body },
      ),
    lifeSign: () => bytes(dialect.keepalive),
    stream: (body) => new Response(body, { headers: { ...format.headers, ...ids } }),
  };
};
