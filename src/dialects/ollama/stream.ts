/**
 * Streams events as lines of JSON: one line for each delta, one for each complete call, and a last line with the
 * counts.
 */
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type StreamEvent, type TurnEvent } from '../../turn/events.ts';
import { MessageFold } from '../../turn/fold.ts';
import type { ParsedRequest, SseFrame } from '../dialect.ts';
import type { OllamaAnswer } from './answer.ts';
import { ending, head, contentMembers, toolCall, type Content } from './render.ts';

/** A line without text: clients treat every line as part of the answer, and fail on an empty line. */
export const keepalive = (endpoint: OllamaAnswer['endpoint']): SseFrame => ({
  data: JSON.stringify({ ...contentMembers({ text: '' }, { endpoint }), done: false }),
});

/** Throws `upstream_error` when the events end before the answer does; no `done` line is sent then. */
export const stream = async function* (
  events: AsyncIterable<TurnEvent>,
  { answer }: ParsedRequest<OllamaAnswer>,
): AsyncGenerator<SseFrame> {
  const lines = new Lines(answer);
  for await (const event of events) {
    if (!isStreamEvent(event)) continue;
    const line = lines.of(event);
    if (line !== undefined) yield { data: JSON.stringify(line) };
  }
  if (!lines.complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
};

class Lines {
  readonly #answer: OllamaAnswer;
  readonly #fold = new MessageFold();
  #calls = 0;

  constructor(answer: OllamaAnswer) {
    this.#answer = answer;
  }

  get complete(): boolean {
    return this.#fold.complete;
  }

  of(event: StreamEvent): object | undefined {
    this.#fold.add(event);
    switch (event.type) {
      case 'content_block_start':
        if (event.content_block.type === 'text') return this.#text(event.content_block.text);
        return event.content_block.type === 'thinking' ? this.#thinking(event.content_block.thinking) : undefined;
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') return this.#text(event.delta.text);
        return event.delta.type === 'thinking_delta' ? this.#thinking(event.delta.thinking) : undefined;
      case 'content_block_stop':
        return this.#call(event.index);
      case 'message_stop':
        return this.#end();
      default:
        return undefined;
    }
  }

  #text(text: string): object | undefined {
    return text === '' ? undefined : this.#line({ text });
  }

  #thinking(thinking: string): object | undefined {
    return thinking === '' ? undefined : this.#line({ text: '', thinking });
  }

  #call(index: number): object | undefined {
    const block = this.#fold.soFar().content[index];
    if (block?.type !== 'tool_use') return undefined;
    const call = toolCall(block, this.#calls);
    this.#calls += 1;
    return this.#line({ text: '', calls: [call] });
  }

  #end(): object {
    const message = this.#fold.message();
    return {
      ...head(message.model, this.#answer),
      ...contentMembers({ text: '' }, this.#answer),
      ...ending(message, { times: this.#answer.times(), usage: message.usage }),
    };
  }

  #line(content: Content): object {
    const { model } = this.#fold.soFar();
    return { ...head(model, this.#answer), ...contentMembers(content, this.#answer), done: false };
  }
}
