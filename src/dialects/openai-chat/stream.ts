/**
 * Events as `chat.completion.chunk` frames, in OpenAI's order: role, deltas, finish_reason, usage if asked for,
 * `[DONE]`.
 */
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type StreamEvent, type TurnEvent } from '../../turn/events.ts';
import type Anthropic from '@anthropic-ai/sdk';
import type { StopReason, Usage } from '../../turn/turn.ts';
import type { ParsedRequest, SseFrame } from '../dialect.ts';
import type { ChatAnswer } from './answer.ts';
import { citationsOf } from './web-search.ts';
import { CustomInputReader, textOfJson } from '../openai/custom-tools.ts';
import { envelope, finishReason, refusalText, renderUsage, serviceTier } from '../openai/usage.ts';

export const keepalive: SseFrame = { comment: 'keepalive' };

/** Throws `upstream_error` when the events end before the answer does; no end marker is sent then. */
export const stream = async function* (
  events: AsyncIterable<TurnEvent>,
  { answer }: ParsedRequest<ChatAnswer>,
): AsyncGenerator<SseFrame> {
  const chunks = new Chunks(answer);
  for await (const event of events) {
    if (event.type === 'ping') yield keepalive;
    else if (isStreamEvent(event)) yield* chunks.of(event).map((chunk) => ({ data: JSON.stringify(chunk) }));
  }
  if (!chunks.complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
  yield { data: '[DONE]' };
};

type TextCitation = Anthropic.TextCitation;
type Start = Extract<StreamEvent, { type: 'message_start' }>;
type BlockStart = Extract<StreamEvent, { type: 'content_block_start' }>;
type BlockDelta = Extract<StreamEvent, { type: 'content_block_delta' }>;
type MessageDelta = Extract<StreamEvent, { type: 'message_delta' }>;

/** A tool call that is being streamed. */
interface Call {
  /** Counted over the tool calls only, from 0. */
  readonly index: number;
  readonly input: unknown;
  /** Extracts the text of a custom tool from its JSON. */
  readonly custom: CustomInputReader | undefined;
  json: string;
  sent: boolean;
}

class Chunks {
  complete = false;
  readonly #answer: ChatAnswer;
  readonly #calls = new Map<number, Call>();
  /** Text blocks by index: where each begins in the content, and its citations. */
  readonly #cited = new Map<number, { readonly start: number; readonly citations: TextCitation[] }>();
  #textLength = 0;
  #head: object = {};
  #usage: Usage | undefined;
  #stop: { stop_reason: StopReason | null; stop_details: MessageDelta['delta']['stop_details'] } = {
    stop_reason: null,
    stop_details: null,
  };

  constructor(answer: ChatAnswer) {
    this.#answer = answer;
  }

  of(event: StreamEvent): readonly object[] {
    switch (event.type) {
      case 'message_start':
        return this.#start(event);
      case 'content_block_start':
        return this.#blockStart(event);
      case 'content_block_delta':
        return this.#delta(event);
      case 'content_block_stop':
        return this.#blockStop(event.index);
      case 'message_delta':
        this.#messageDelta(event);
        return [];
      case 'message_stop':
        return this.#end();
      default:
        // An event type newer than this code: tolerated when run, an error when compiled.
        event satisfies never;
        return [];
    }
  }

  #start({ message }: Start): readonly object[] {
    this.#head = {
      object: 'chat.completion.chunk',
      ...envelope(message, this.#answer.created),
      ...serviceTier(message.usage),
    };
    this.#usage = message.usage;
    return [this.#chunk({ role: 'assistant', content: '', refusal: null })];
  }

  #blockStart({ index, content_block: block }: BlockStart): readonly object[] {
    if (block.type === 'text') {
      this.#cited.set(index, { start: this.#textLength, citations: [...(block.citations ?? [])] });
      return this.#text(block.text);
    }
    if (block.type === 'thinking') return this.#thinking(block.thinking);
    if (block.type !== 'tool_use') return [];
    const { kind, ...named } = this.#answer.origin(block.name);
    const custom = kind === 'custom' ? new CustomInputReader() : undefined;
    const call: Call = { index: this.#calls.size, input: block.input, custom, json: '', sent: false };
    this.#calls.set(index, call);
    return this.#callDelta(call, { id: block.id, named, text: '' });
  }

  #delta({ index, delta }: BlockDelta): readonly object[] {
    if (delta.type === 'text_delta') return this.#text(delta.text);
    if (delta.type === 'thinking_delta') return this.#thinking(delta.thinking);
    if (delta.type === 'citations_delta') this.#cited.get(index)?.citations.push(delta.citation);
    const call = this.#calls.get(index);
    if (delta.type !== 'input_json_delta' || call === undefined || delta.partial_json === '') return [];
    call.json += delta.partial_json;
    const text = call.custom === undefined ? delta.partial_json : call.custom.add(delta.partial_json);
    if (text === '') return [];
    call.sent = true;
    return this.#callDelta(call, { text });
  }

  /** For a call without input the API streams no deltas at all; OpenAI's clients need valid JSON. */
  #blockStop(index: number): readonly object[] {
    const cited = this.#cited.get(index);
    if (cited !== undefined) {
      const text = { length: this.#textLength - cited.start };
      const annotations = citationsOf({ text, citations: cited.citations }, cited.start);
      return annotations.length === 0 ? [] : [this.#chunk({ annotations })];
    }
    const call = this.#calls.get(index);
    if (call === undefined || call.sent) return [];
    const json = call.json === '' ? JSON.stringify(call.input ?? {}) : call.json;
    return this.#callDelta(call, { text: call.custom === undefined ? json : textOfJson(json) });
  }

  #messageDelta({ delta, usage }: MessageDelta): void {
    this.#stop = delta;
    const reported = Object.fromEntries(
      Object.entries(usage).filter(([, value]) => value !== null && value !== undefined),
    );
    if (this.#usage !== undefined) this.#usage = { ...this.#usage, ...reported };
  }

  #end(): readonly object[] {
    this.complete = true;
    const refusal = refusalText(this.#stop);
    return [
      ...(refusal === null ? [] : [this.#chunk({ refusal })]),
      this.#chunk({}, finishReason(this.#stop.stop_reason, this.#answer.legacyFunctions)),
      ...(this.#answer.includeUsage && this.#usage !== undefined
        ? [{ ...this.#head, choices: [], usage: renderUsage(this.#usage) }]
        : []),
    ];
  }

  #text(content: string): readonly object[] {
    this.#textLength += content.length;
    return content === '' ? [] : [this.#chunk({ content })];
  }

  #thinking(text: string): readonly object[] {
    return text === '' || !this.#answer.reasoning ? [] : [this.#chunk({ reasoning_content: text })];
  }

  #callDelta(call: Call, { id, named = {}, text }: { id?: string; named?: object; text: string }): readonly object[] {
    const body = call.custom === undefined ? { ...named, arguments: text } : { ...named, input: text };
    if (this.#answer.legacyFunctions) return call.index === 0 ? [this.#chunk({ function_call: body })] : [];
    const type = call.custom === undefined ? 'function' : 'custom';
    const first = id === undefined ? {} : { id, type };
    return [this.#chunk({ tool_calls: [{ index: call.index, ...first, [type]: body }] })];
  }

  /** With `include_usage`, OpenAI sends `usage: null` on every chunk but the last. */
  #chunk(delta: object, finish_reason: string | null = null): object {
    const usage = this.#answer.includeUsage ? { usage: null } : {};
    return { ...this.#head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage };
  }
}
