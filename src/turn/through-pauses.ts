/**
 * Sends an answer that the API paused, while its own tools run, back until it is complete: for APIs whose callers do
 * not know pauses and would take half an answer for a whole one. Wraps the events of those answers.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { isStreamEvent, type StreamEvent, type TurnEvent } from './events.ts';
import { MessageFold } from './fold.ts';
import type { AnswerMessage, TurnRequest, Usage } from './turn.ts';

/** An answer with more pauses ends as it is: each time the API has run its tools about ten times already. */
const MOST_PAUSES = 10;

export const throughPauses = async function* (
  request: TurnRequest,
  run: (request: TurnRequest) => AsyncIterable<TurnEvent>,
): AsyncGenerator<TurnEvent, void, undefined> {
  const whole = new WholeAnswer(request);
  for (let next: TurnRequest | undefined = request; next !== undefined; next = whole.next()) {
    for await (const event of run(next)) {
      if (isStreamEvent(event)) yield* whole.of(event);
      // The engine's figure for one part is not that of the whole, whose usage is summed.
      else if (event.type !== 'notice' || event.notice.kind !== 'cost' || !whole.isInParts) yield event;
    }
  }
};

type MessageDelta = Extract<StreamEvent, { type: 'message_delta' }>;

class WholeAnswer {
  readonly #request: TurnRequest;
  readonly #before: AnswerMessage[] = [];
  #part = new MessageFold();
  #paused = false;

  constructor(request: TurnRequest) {
    this.#request = request;
  }

  get isInParts(): boolean {
    return this.#paused || this.#before.length > 0;
  }

  of(event: StreamEvent): readonly StreamEvent[] {
    this.#part.add(event);
    switch (event.type) {
      case 'message_start':
        return this.#before.length === 0 ? [event] : [];
      case 'message_delta':
        return this.#messageDelta(event);
      case 'message_stop':
        return this.#paused ? [] : [event];
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        return [{ ...event, index: event.index + contentOf(this.#before).length }];
      default:
        // An event type newer than this code: tolerated when run, an error when compiled.
        event satisfies never;
        return [event];
    }
  }

  /** The request that continues a paused answer; undefined for a complete one. */
  next(): TurnRequest | undefined {
    if (!this.#paused) return undefined;
    this.#before.push(this.#part.soFar());
    this.#part = new MessageFold();
    this.#paused = false;
    const { messages, tool_choice: choice } = this.#request;
    return {
      ...this.#request,
      messages: [...messages, { role: 'assistant', content: contentOf(this.#before) as Anthropic.ContentBlockParam[] }],
      max_tokens: this.#tokensLeft(),
      // The forced call has already been made.
      ...(choice !== undefined && choice.type !== 'none' && { tool_choice: { ...unforced(choice) } }),
    };
  }

  #messageDelta(event: MessageDelta): readonly StreamEvent[] {
    if (event.delta.stop_reason === 'pause_turn') {
      const fits = this.#tokensLeft(this.#part.soFar()) > thinkingBudget(this.#request);
      if (!fits) return [this.#ended({ ...event, delta: { ...event.delta, stop_reason: 'max_tokens' } })];
      this.#paused = this.#before.length < MOST_PAUSES && this.#part.soFar().content.length > 0;
    }
    return this.#paused ? [] : [this.#ended(event)];
  }

  #tokensLeft(...more: readonly AnswerMessage[]): number {
    const used = [...this.#before, ...more].reduce((sum, { usage }) => sum + usage.output_tokens, 0);
    return this.#request.max_tokens - used;
  }

  #ended(event: MessageDelta): MessageDelta {
    if (this.#before.length === 0) return event;
    return { ...event, usage: sumOf([...this.#before, this.#part.soFar()].map(({ usage }) => usage)) };
  }
}

const contentOf = (parts: readonly AnswerMessage[]) => parts.flatMap(({ content }) => content);

const unforced = (choice: Exclude<Anthropic.ToolChoice, { type: 'none' }>): Anthropic.ToolChoiceAuto => ({
  type: 'auto',
  ...(choice.disable_parallel_tool_use !== undefined && {
    disable_parallel_tool_use: choice.disable_parallel_tool_use,
  }),
});

/** The smallest `max_tokens` that the API takes. */
const thinkingBudget = ({ thinking }: TurnRequest): number =>
  thinking?.type === 'enabled' ? thinking.budget_tokens : 0;

/** Usage summed over all requests, including what the API reports only at their beginning. */
const sumOf = (usages: readonly Usage[]): MessageDelta['usage'] & Pick<Usage, 'cache_creation'> => {
  const sum = (read: (usage: Usage) => number | null | undefined): number =>
    usages.reduce((total, usage) => total + (read(usage) ?? 0), 0);
  const anyReports = (read: (usage: Usage) => object | null | undefined): boolean =>
    usages.some((usage) => read(usage) !== undefined && read(usage) !== null);
  return {
    input_tokens: sum((usage) => usage.input_tokens),
    output_tokens: sum((usage) => usage.output_tokens),
    cache_read_input_tokens: sum((usage) => usage.cache_read_input_tokens),
    cache_creation_input_tokens: sum((usage) => usage.cache_creation_input_tokens),
    cache_creation: anyReports((usage) => usage.cache_creation)
      ? {
          ephemeral_5m_input_tokens: sum((usage) => usage.cache_creation?.ephemeral_5m_input_tokens),
          ephemeral_1h_input_tokens: sum((usage) => usage.cache_creation?.ephemeral_1h_input_tokens),
        }
      : null,
    output_tokens_details: anyReports((usage) => usage.output_tokens_details)
      ? { thinking_tokens: sum((usage) => usage.output_tokens_details?.thinking_tokens) }
      : null,
    server_tool_use: anyReports((usage) => usage.server_tool_use)
      ? {
          web_search_requests: sum((usage) => usage.server_tool_use?.web_search_requests),
          web_fetch_requests: sum((usage) => usage.server_tool_use?.web_fetch_requests),
        }
      : null,
  };
};
