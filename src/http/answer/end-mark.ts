/**
 * The mark at the end of a stream, for the Worker in front of a container: on some versions of the platform a container
 * that dies looks like a clean end. The Worker asks for the mark and removes it.
 */
import { formatOfAnswer, type StreamFormat } from './stream-format.ts';

/** `eos`: in the request and in the answer. It never passes between this project's own parts and a client. */
export const INTERNAL_HEADER = 'x-proxy-internal';
/** In a request: the owner of its key. The Worker has checked that key and does not pass it on. */
export const OWNER_HEADER = 'x-proxy-internal-owner';
/** In an answer: how many conversations the server behind the Worker holds; their next turn is cheaper there. */
export const CONVERSATIONS_HEADER = 'x-proxy-internal-conversations';
/** In an answer to the settings: the server sends statements for the database, and somebody must read them. */
export const DATABASE_HEADER = 'x-proxy-internal-database';
/** An SSE comment, which a reader that sees it by mistake ignores; in other formats a line that is never a frame. */
export const endMark = ({ lineBreaks }: StreamFormat): string => `: eos${'\n'.repeat(lineBreaks)}`;

/** The answer with the mark at its end, when the request asks for it. */
export const withEndMark = (request: Request, response: Response): Response =>
  request.headers.get(INTERNAL_HEADER) === 'eos' ? markEnd(response) : response;

/** A stream gets the mark behind its last byte; any other answer is left as it is. */
export const markEnd = (response: Response): Response => {
  const format = formatOfAnswer(response.headers);
  if (response.body === null || format === undefined) return response;
  const headers = new Headers(response.headers);
  headers.set(INTERNAL_HEADER, 'eos');
  const mark = new TransformStream<Uint8Array, Uint8Array>({
    flush: (controller) => controller.enqueue(new TextEncoder().encode(endMark(format))),
  });
  return new Response(response.body.pipeThrough(mark), { status: response.status, headers });
};
