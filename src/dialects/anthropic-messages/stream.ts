/**
 * Streams the upstream's own events in their order, each under its name:
 * https://docs.anthropic.com/en/api/messages-streaming.
 */
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import type { SseFrame } from '../dialect.ts';

export const keepalive: SseFrame = { event: 'ping', data: '{"type":"ping"}' };

/**
 * The API sends a ping after the first `content_block_start`; Claude Code does not pass it on, so it is added where
 * none has come. Throws `upstream_error` when the events end before the answer does.
 */
export const stream = async function* (events: AsyncIterable<TurnEvent>): AsyncGenerator<SseFrame> {
  let complete = false;
  let ping: 'before' | 'due' | 'seen' = 'before';
  for await (const event of events) {
    if (event.type === 'ping') {
      ping = 'seen';
      yield keepalive;
    } else if (isStreamEvent(event)) {
      if (ping === 'due') {
        ping = 'seen';
        yield keepalive;
      }
      complete = event.type === 'message_stop';
      yield { event: event.type, data: JSON.stringify(event) };
      if (event.type === 'content_block_start' && ping === 'before') ping = 'due';
    }
  }
  if (!complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
};
