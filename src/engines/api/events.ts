/** Bytes of a streamed answer to its events: https://docs.anthropic.com/en/api/messages-streaming */
import { createParser } from 'eventsource-parser';
import { codeOfUpstreamType, TurnError } from '../../turn/errors.ts';
import type { StreamEvent, TurnEvent } from '../../turn/events.ts';

/**
 * Yields the events as they arrive. Throws the error that the stream reports, and `upstream_error` for a
 * stream that ends before `message_stop` or is not a stream of events.
 */
export async function* eventsOf(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Exclude<TurnEvent, Notice>, void, undefined> {
  const arrived: string[] = [];
  const decoder = new TextDecoder();
  const parser = createParser({ onEvent: ({ data }) => void arrived.push(data) });
  let complete = false;
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const data of arrived.splice(0)) {
      const event = readEvent(data);
      yield event;
      complete ||= event.type === 'message_stop';
    }
  }
  if (!complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
}

type Notice = Extract<TurnEvent, { type: 'notice' }>;

const readEvent = (data: string): Exclude<TurnEvent, Notice> => {
  const event = parse(data);
  if (event.type === 'error') throw errorOf(event);
  // Types that are not known here pass unchanged: every reader of events tolerates them.
  return event as StreamEvent | { type: 'ping' };
};

interface WireEvent {
  readonly type: string;
  readonly error?: { readonly type?: string; readonly message?: string };
}

const parse = (data: string): WireEvent => {
  try {
    const event: unknown = JSON.parse(data);
    if (typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string')
      return event as WireEvent;
  } catch (cause) {
    throw new TurnError('upstream_error', 'The upstream sent an event that is not JSON.', { cause });
  }
  throw new TurnError('upstream_error', 'The upstream sent an event without a type.');
};

const errorOf = ({ error }: WireEvent): TurnError =>
  new TurnError(
    codeOfUpstreamType(error?.type ?? ''),
    error?.message ?? 'The upstream reported an error without a message.',
  );
