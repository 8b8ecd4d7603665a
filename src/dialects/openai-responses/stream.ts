/**
 * Events as frames in the order of the Responses API: `response.created`, `response.in_progress`, each item from
 * `output_item.added` to `output_item.done`, and exactly one of `response.completed`, `.incomplete`, `.failed`.
 */
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import type { ParsedRequest, SseFrame } from '../dialect.ts';
import type { ResponsesAnswer } from './answer/answer.ts';
import { ResponseEvents, type ResponseEvent } from './answer/response-events.ts';

export const keepalive: SseFrame = { comment: 'keepalive' };

/**
 * An error ends the stream with `response.failed` and is then rethrown. Events that end before the answer does are an
 * error too: no end event is sent then.
 */
export const stream = async function* (
  events: AsyncIterable<TurnEvent>,
  { answer }: ParsedRequest<ResponsesAnswer>,
): AsyncGenerator<SseFrame> {
  const response = new ResponseEvents(answer);
  try {
    for await (const event of events) {
      if (event.type === 'ping') yield keepalive;
      else if (isStreamEvent(event)) yield* response.of(event).map((each) => frameOf(each));
    }
    if (!response.complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
  } catch (error) {
    if (!response.complete) yield* response.failed(error).map((each) => frameOf(each));
    throw error;
  }
};

const frameOf = (event: ResponseEvent): SseFrame => ({ event: event.type, data: JSON.stringify(event) });
