/**
 * Stop sequences that the API refuses (whitespace only), applied here: the answer ends where one appears, and the
 * upstream is told to stop. Usage is then what the upstream had said by that time.
 */
import { isStreamEvent, type StreamEvent, type TurnEvent } from '../turn/events.ts';

type TextDelta = Extract<StreamEvent, { type: 'content_block_delta' }>;

export async function* cutAtStops(events: AsyncIterable<TurnEvent>, stops: readonly string[]): AsyncGenerator<TurnEvent, void, undefined> {
  if (stops.length === 0) return yield* events;
  let held = '';
  for await (const event of events) {
    if (!isStreamEvent(event) || !touchesText(event)) {
      yield event;
    } else if (event.type === 'content_block_stop') {
      if (held !== '') yield textDelta(event.index, held);
      held = '';
      yield event;
    } else {
      const found = firstStop(held + event.delta.text, stops);
      const { text, rest } = found ?? splitAtPossibleStop(held + event.delta.text, stops);
      if (text !== '') yield textDelta(event.index, text);
      if (found !== undefined) return yield* ending(event.index, found.stop);
      held = rest;
    }
  }
}

type TextTouch = (TextDelta & { delta: { type: 'text_delta' } }) | Extract<StreamEvent, { type: 'content_block_stop' }>;

const touchesText = (event: StreamEvent): event is TextTouch =>
  event.type === 'content_block_stop' || (event.type === 'content_block_delta' && event.delta.type === 'text_delta');

const firstStop = (text: string, stops: readonly string[]): { text: string; rest: string; stop: string } | undefined => {
  const found = stops.map((stop) => ({ stop, at: text.indexOf(stop) })).filter(({ at }) => at >= 0);
  const [first] = found.sort((a, b) => a.at - b.at);
  return first && { text: text.slice(0, first.at), rest: '', stop: first.stop };
};

/** The end of the text may be the beginning of a stop; it is held back until more is known. */
const splitAtPossibleStop = (text: string, stops: readonly string[]): { text: string; rest: string } => {
  const longest = Math.max(...stops.map((stop) => stop.length)) - 1;
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const rest = text.slice(-length);
    if (stops.some((stop) => stop.startsWith(rest))) return { text: text.slice(0, -length), rest };
  }
  return { text, rest: '' };
};

const textDelta = (index: number, text: string): StreamEvent => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });

const ending = (index: number, stop: string): readonly StreamEvent[] => [
  { type: 'content_block_stop', index },
  {
    type: 'message_delta',
    delta: { stop_reason: 'stop_sequence', stop_sequence: stop },
    // What message_start said stays: the fold and the renderers take only members that are given.
    usage: {},
  } as StreamEvent,
  { type: 'message_stop' },
];
