/** The container's answer with its end supervised: whole, or the dialect's error. */
import { TurnError } from '../../turn/errors.ts';
import { CONVERSATIONS_HEADER } from '../../http/answer/end-mark.ts';
import { formatOfAnswer } from '../../http/answer/stream-format.ts';
import { INTERNAL } from '../internal-protocol.ts';
import { checkedStream } from '../checked-stream.ts';
import type { DialectResponder } from '../dialect-responder.ts';
import type { Trip } from './trip.ts';

interface Supervision {
  readonly trip: Trip;
  readonly responder: DialectResponder;
}

/** Throws `engine_died` for an answer that is not streamed and did not arrive whole. */
export const supervised = async (response: Response, { trip, responder }: Supervision): Promise<Response> => {
  const headers = new Headers(response.headers);
  const marked = headers.get(INTERNAL) === 'eos';
  const conversations = headers.get(CONVERSATIONS_HEADER);
  for (const name of [INTERNAL, CONVERSATIONS_HEADER]) headers.delete(name);
  trip.answer(conversations === null ? undefined : Number(conversations));
  const format = formatOfAnswer(headers);
  if (response.body === null || format === undefined) {
    const body = await wholeBody(response).catch((error: unknown) => {
      throw cutOff(error);
    });
    trip.end();
    return new Response(body, { status: response.status, headers });
  }
  const body = checkedStream(response.body, {
    format,
    marked,
    touch: trip.touch,
    broken: () => responder.errorFrame(cutOff(undefined)),
    released: trip.end,
  });
  return new Response(body, { status: response.status, headers });
};

/** Throws when the body did not arrive whole: some versions of the platform call that an end. */
const wholeBody = async (response: Response): Promise<ArrayBuffer | null> => {
  if (response.body === null) return null;
  const body = await response.arrayBuffer();
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== body.byteLength) throw new Error('the answer was cut off');
  if (length === null && response.headers.get('content-type')?.startsWith('application/json') === true)
    refuseCutJson(body);
  return body;
};

// The parser's message would repeat a piece of the answer, so it is not passed on.
const refuseCutJson = (body: ArrayBuffer): void => {
  try {
    JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Error('the JSON of the answer was cut off');
  }
};

export const cutOff = (cause: unknown): TurnError =>
  new TurnError('engine_died', 'The container stopped before the answer was complete.', { cause });
