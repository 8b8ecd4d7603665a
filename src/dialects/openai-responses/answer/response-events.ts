/** Converts Messages API stream events to Responses API stream events: the events of the whole response. */
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { toTurnError } from '../../../turn/errors.ts';
import type { StreamEvent } from '../../../turn/events.ts';
import { MessageFold } from '../../../turn/fold.ts';
import { errorEvent, errorOf } from '../error.ts';
import type { ResponsesAnswer } from './answer.ts';
import { ItemEvents } from './item-events.ts';
import { incompleteReason, responseOf, unfinished, type RenderedResponse } from './response.ts';

type Unnumbered<Event> = Event extends unknown ? Omit<Event, 'sequence_number'> : never;

/** The types of this server have more members than OpenAI's. */
export type ItemEvent = Unnumbered<Exclude<ResponseStreamEvent, { response: object } | { item: object }>> | ItemBorder;

interface ItemBorder {
  readonly type: 'response.output_item.added' | 'response.output_item.done';
  readonly output_index: number;
  readonly item: object;
}

interface WholeEvent {
  readonly type: `response.${'created' | 'in_progress' | 'completed' | 'incomplete' | 'failed'}`;
  readonly response: RenderedResponse;
}

export type ResponseEvent = (ItemEvent | WholeEvent) & { readonly sequence_number: number };

export class ResponseEvents {
  complete = false;
  readonly #answer: ResponsesAnswer;
  readonly #fold = new MessageFold();
  readonly #items: ItemEvents;
  #started = false;
  #sent = 0;

  constructor(answer: ResponsesAnswer) {
    this.#answer = answer;
    this.#items = new ItemEvents(answer);
  }

  of(event: StreamEvent): readonly ResponseEvent[] {
    this.#fold.add(event);
    switch (event.type) {
      case 'message_start':
        this.#started = true;
        return this.#begin();
      case 'content_block_start':
        return this.#blockStart(event.index);
      case 'content_block_delta':
        return this.#numbered(this.#items.blockDelta(event.delta, event.index));
      case 'content_block_stop':
        return this.#numbered(this.#items.blockStop(event.index));
      case 'message_delta':
        return [];
      case 'message_stop':
        return this.#end();
      default:
        // An event type newer than this code: tolerated when run, an error when compiled.
        event satisfies never;
        return [];
    }
  }

  /**
   * The last events of a response that failed, as OpenAI sends them, with the first ones where nothing had been sent.
   */
  failed(thrown: unknown): readonly ResponseEvent[] {
    const error = toTurnError(thrown);
    const before = this.#started ? [] : this.#begin();
    const response: RenderedResponse = {
      ...this.#soFar(),
      status: 'failed',
      error: errorOf(error),
      output: this.#items.done,
    };
    return [...before, ...this.#numbered([errorEvent(error), { type: 'response.failed', response }])];
  }

  #begin(): readonly ResponseEvent[] {
    const response = this.#soFar();
    return this.#numbered([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  #blockStart(index: number): readonly ResponseEvent[] {
    const block = this.#fold.soFar().content[index];
    return block === undefined ? [] : this.#numbered(this.#items.blockStart(block, index));
  }

  #end(): readonly ResponseEvent[] {
    this.complete = true;
    const message = this.#fold.message();
    const last = this.#items.end(message);
    const type = incompleteReason(message.stop_reason) === undefined ? 'response.completed' : 'response.incomplete';
    return this.#numbered([...last, { type, response: responseOf(message, this.#answer) }]);
  }

  #soFar(): RenderedResponse {
    return unfinished(this.#answer, this.#started ? this.#fold.soFar() : undefined);
  }

  #numbered(events: readonly (ItemEvent | WholeEvent)[]): readonly ResponseEvent[] {
    return events.map((event) => ({ ...event, sequence_number: this.#sent++ }));
  }
}
