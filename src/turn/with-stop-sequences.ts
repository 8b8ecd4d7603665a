/** Stop sequences that the API does not take are cut by this server. Wraps the events of one answer. */
import { isStreamEvent, type StreamEvent, type TurnEvent } from './events.ts';

/**
 * Ends the answer where the text of a block first completes one of `stops`, without that sequence, with `stop_reason:
 * "stop_sequence"`. Leaving the loop aborts the upstream request; the usage is what the upstream had reported by then.
 * Empty stops match nothing.
 */
export const withStopSequences = async function* (
  events: AsyncIterable<TurnEvent>,
  stops: readonly string[],
): AsyncGenerator<TurnEvent, void, undefined> {
  const wanted = stops.filter((stop) => stop !== '');
  const watch = new Watch(wanted);
  for await (const event of events) {
    if (!isStreamEvent(event) || wanted.length === 0) {
      yield event;
      continue;
    }
    const { pass, ended } = watch.see(event);
    yield* pass;
    if (ended) return;
  }
};

/** Where a text ends: at the first complete sequence; of several that end together, the longest. */
export const findStop = (
  text: string,
  stops: readonly string[],
): { readonly at: number; readonly stop: string } | undefined => {
  let found: { at: number; end: number; stop: string } | undefined;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    const end = at + stop.length;
    if (at === -1 || stop === '') continue;
    if (found === undefined || end < found.end || (end === found.end && at < found.at)) found = { at, end, stop };
  }
  return found;
};

interface Seen {
  readonly pass: readonly StreamEvent[];
  readonly ended: boolean;
}

class Watch {
  readonly #stops: readonly string[];
  /** Text of the open block that may be the beginning of a stop; it is held back. */
  #held = '';
  #outputTokens = 0;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  see(event: StreamEvent): Seen {
    if (event.type === 'message_start') this.#outputTokens = event.message.usage.output_tokens;
    if (event.type === 'message_delta') this.#outputTokens = event.usage.output_tokens;
    if (event.type === 'content_block_start' && event.content_block.type === 'text') return this.#startText(event);
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
      return this.#text(event.index, event.delta.text);
    if (event.type === 'content_block_stop') return { pass: [...this.#release(event.index), event], ended: false };
    return { pass: [event], ended: false };
  }

  #startText(event: Extract<StreamEvent, { type: 'content_block_start' }>): Seen {
    const block = event.content_block;
    if (block.type !== 'text' || block.text === '') return { pass: [event], ended: false };
    const { pass, ended } = this.#text(event.index, block.text);
    return { pass: [{ ...event, content_block: { ...block, text: '' } }, ...pass], ended };
  }

  #text(index: number, more: string): Seen {
    const text = this.#held + more;
    const found = findStop(text, this.#stops);
    if (found !== undefined)
      return { pass: [...delta(index, text.slice(0, found.at)), ...this.#end(index, found.stop)], ended: true };
    const safe = text.length - longestBeginning(text, this.#stops);
    this.#held = text.slice(safe);
    return { pass: delta(index, text.slice(0, safe)), ended: false };
  }

  #release(index: number): readonly StreamEvent[] {
    const held = this.#held;
    this.#held = '';
    return delta(index, held);
  }

  #end(index: number, stop: string): readonly StreamEvent[] {
    const usage = {
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      input_tokens: null,
      output_tokens: this.#outputTokens,
      output_tokens_details: null,
      server_tool_use: null,
    };
    return [
      { type: 'content_block_stop', index },
      {
        type: 'message_delta',
        delta: { container: null, stop_details: null, stop_reason: 'stop_sequence', stop_sequence: stop },
        usage,
      },
      { type: 'message_stop' },
    ];
  }
}

const delta = (index: number, text: string): readonly StreamEvent[] =>
  text === '' ? [] : [{ type: 'content_block_delta', index, delta: { type: 'text_delta', text } }];

/** The length of the longest suffix of the text that a stop begins with. */
const longestBeginning = (text: string, stops: readonly string[]): number => {
  const longest = Math.min(text.length, Math.max(...stops.map((stop) => stop.length)) - 1);
  for (let length = longest; length > 0; length -= 1) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
  }
  return 0;
};
