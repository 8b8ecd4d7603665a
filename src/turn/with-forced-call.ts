/**
 * Turns a tool call that the model wrote as JSON, because it cannot be forced to call a tool, back into a tool_use
 * block. Wraps the events of one answer.
 */
import { isStreamEvent, type StreamEvent, type TurnEvent } from './events.ts';

export interface ForcedCall {
  /** The tool that had to be called. Without it the JSON names one: `{"call": {"tool": …, "arguments": …}}`. */
  readonly tool?: string;
}

/** An answer that does not begin with `{` is not a call (a refusal, say) and stays text. */
export const withForcedCall = async function* (
  events: AsyncIterable<TurnEvent>,
  forced: ForcedCall,
  newId: () => string = toolUseId,
): AsyncGenerator<TurnEvent, void, undefined> {
  const writer = new CallWriter(forced, newId);
  for await (const event of events) {
    if (isStreamEvent(event)) yield* writer.of(event);
    else yield event;
  }
};

const toolUseId = (): string => `toolu_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;

type TextStart = Extract<StreamEvent, { type: 'content_block_start' }>;

class CallWriter {
  readonly #forced: ForcedCall;
  readonly #newId: () => string;
  /** A text block that may turn out to be a call. */
  #undecided: TextStart | undefined;
  #text = '';
  /** Reads the arguments of the call while they stream. */
  #call: { readonly index: number; readonly end: ValueEnd | undefined } | undefined;
  #called = false;

  constructor(forced: ForcedCall, newId: () => string) {
    this.#forced = forced;
    this.#newId = newId;
  }

  of(event: StreamEvent): readonly StreamEvent[] {
    if (event.type === 'content_block_start' && event.content_block.type === 'text' && !this.#called)
      return this.#begin(event, event.content_block.text);
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') return this.#more(event);
    if (event.type === 'content_block_stop') return [...this.#finish(event.index), event];
    if (event.type === 'message_delta' && this.#called && event.delta.stop_reason === 'end_turn')
      return [{ ...event, delta: { ...event.delta, stop_reason: 'tool_use' } }];
    return [event];
  }

  #begin(event: TextStart, text: string): readonly StreamEvent[] {
    this.#undecided = event;
    this.#text = '';
    return this.#decide(text);
  }

  #more(event: Extract<StreamEvent, { type: 'content_block_delta' }>): readonly StreamEvent[] {
    const text = event.delta.type === 'text_delta' ? event.delta.text : '';
    if (this.#undecided?.index === event.index) return this.#decide(text);
    if (this.#call?.index === event.index) return this.#arguments(text);
    return [event];
  }

  #decide(more: string): readonly StreamEvent[] {
    this.#text += more;
    const json = this.#text.trimStart();
    if (json === '') return [];
    if (!json.startsWith('{')) return this.#asText();
    const { tool } = this.#forced;
    if (tool !== undefined) return this.#callBegins(tool, json, undefined);
    const [head, name] = HEAD.exec(json) ?? [];
    if (head === undefined || name === undefined) return [];
    return this.#callBegins(JSON.parse(name) as string, json.slice(head.length), new ValueEnd());
  }

  #callBegins(name: string, json: string, end: ValueEnd | undefined): readonly StreamEvent[] {
    const index = this.#undecided?.index ?? 0;
    this.#undecided = undefined;
    this.#call = { index, end };
    this.#called = true;
    const block = { type: 'tool_use', id: this.#newId(), name, input: {}, caller: { type: 'direct' } } as const;
    return [{ type: 'content_block_start', index, content_block: block }, ...this.#arguments(json)];
  }

  #arguments(json: string): readonly StreamEvent[] {
    const { index = 0, end } = this.#call ?? {};
    const partial_json = end === undefined ? json : end.upTo(json);
    if (partial_json === '') return [];
    return [{ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } }];
  }

  /** The block unchanged. */
  #asText(): readonly StreamEvent[] {
    const start = this.#undecided;
    this.#undecided = undefined;
    if (start === undefined || start.content_block.type !== 'text') return [];
    const begun: StreamEvent = { ...start, content_block: { ...start.content_block, text: '' } };
    if (this.#text === '') return [begun];
    return [
      begun,
      { type: 'content_block_delta', index: start.index, delta: { type: 'text_delta', text: this.#text } },
    ];
  }

  /** The members came in another order, so the call is known only now. */
  #finish(index: number): readonly StreamEvent[] {
    if (this.#call?.index === index) this.#call = undefined;
    if (this.#undecided?.index !== index) return [];
    const call = wholeCall(this.#text);
    if (call === undefined) return this.#asText();
    const events = this.#callBegins(call.tool, JSON.stringify(call.arguments), undefined);
    this.#call = undefined;
    return events;
  }
}

/** The text before the arguments. */
const HEAD = /^\{\s*"call"\s*:\s*\{\s*"tool"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\S)/u;

const wholeCall = (text: string): { readonly tool: string; readonly arguments: unknown } | undefined => {
  try {
    const { call } = JSON.parse(text) as { call?: { tool?: unknown; arguments?: unknown } };
    if (typeof call?.tool !== 'string') return undefined;
    return { tool: call.tool, arguments: call.arguments ?? {} };
  } catch {
    // Cut off by max_tokens, or not JSON: it stays text.
    return undefined;
  }
};

/** Finds where a JSON object ends, piece by piece. */
class ValueEnd {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #ended = false;

  /** The part of `json` that belongs to the value. */
  upTo(json: string): string {
    if (this.#ended) return '';
    for (let at = 0; at < json.length; at += 1) {
      this.#read(json.charAt(at));
      if (this.#ended) return json.slice(0, at + 1);
    }
    return json;
  }

  #read(char: string): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#inString = false;
      return;
    }
    if (char === '"') this.#inString = true;
    else if (char === '{' || char === '[') this.#depth += 1;
    else if (char === '}' || char === ']') {
      this.#depth -= 1;
      this.#ended = this.#depth === 0;
    }
  }
}
