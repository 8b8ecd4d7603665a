/** Bytes of a streamed answer to its events: https://docs.anthropic.com/en/api/messages-streaming */
import { createParser } from 'eventsource-parser';
import { codeOfUpstreamType, TurnError } from '../../turn/errors.ts';
import type { StreamEvent, TurnEvent } from '../../turn/events.ts';

/** Chunk by chunk, and not a generator: each event passes enough of these on its way. */
export class EventReader {
  readonly #arrived: string[] = [];
  readonly #decoder = new TextDecoder();
  readonly #parser = createParser({ onEvent: ({ data }) => void this.#arrived.push(data) });
  #complete = false;

  /** The events that the chunk completes. Throws the error that the stream reports, after the events before it. */
  *read(chunk: Uint8Array): Generator<Exclude<TurnEvent, Notice>, void, undefined> {
    this.#parser.feed(this.#decoder.decode(chunk, { stream: true }));
    for (const data of this.#arrived.splice(0)) {
      const event = readEvent(data);
      yield event;
      this.#complete ||= event.type === 'message_stop';
    }
  }

  /** Throws `upstream_error` where the stream ended before `message_stop`. */
  end(): void {
    if (!this.#complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
  }
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
