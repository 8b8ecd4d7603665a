/**
 * Reads what the CLI says during one step, the time between a request to the API and the end of its
 * answer, and decides what is passed on and how the step ends. No effects; the CLI's habits that it
 * guards against are in the comments, each with a test.
 */
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { RateLimit, StreamEvent, TurnEvent } from '../../turn/events.ts';
import { brokenText } from '../../turn/broken-input.ts';
import { TurnError, type ErrorCode } from '../../turn/errors.ts';
import { MessageFold } from '../../turn/fold.ts';
import { errorOfResult } from './failures.ts';
import { hasVisible } from './history.ts';
import { toRateLimit } from './limits.ts';

export type Outcome =
  /** The answer is over; the process is free once its `result` has come. */
  | { readonly kind: 'finished'; readonly answer: AnswerMessage }
  /** Calls of these ids wait for the client's results. */
  | { readonly kind: 'suspended'; readonly answer: AnswerMessage; readonly pending: ReadonlySet<string> }
  /** The answer is over, but the CLI would now go on by itself: the process must be killed at once. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'failed'; readonly error: TurnError };

export interface Reading {
  readonly events: readonly TurnEvent[];
  readonly outcome?: Outcome;
}

const NOTHING: Reading = { events: [] };
const failed = (code: ErrorCode, message: string): Reading => ({
  events: [],
  outcome: { kind: 'failed', error: new TurnError(code, message) },
});
const cut = (): Reading => failed('upstream_error', 'The upstream connection was lost in the middle of the answer.');

export class StepReader {
  readonly #offered: ReadonlySet<string>;
  readonly #fold = new MessageFold();
  /** `message_start`, kept until content follows: until then the CLI may begin anew unseen. */
  #heldStart: StreamEvent | undefined;
  #began = false;
  #failing = false;
  /** Unix seconds. */
  #resetsAt: number | undefined;
  /** Seconds. */
  #lastDelay: number | undefined;

  constructor(offered: ReadonlySet<string>) {
    this.#offered = offered;
  }

  /** Whether anything of the answer has been passed on. */
  get began(): boolean {
    return this.#began;
  }

  read(message: SDKMessage): Reading {
    switch (message.type) {
      case 'stream_event':
        return this.#failing ? NOTHING : this.#event(message.event as StreamEvent);
      case 'assistant':
        return this.#whole(message);
      case 'result':
        return { events: [], outcome: { kind: 'failed', error: this.#errorOf(message) } };
      case 'rate_limit_event':
        return this.#rateLimit(toRateLimit(message.rate_limit_info));
      case 'system':
        return message.subtype === 'api_retry' ? this.#retry(message) : NOTHING;
      default:
        return NOTHING;
    }
  }

  /** A block of the answer, whole; its events have come before it. */
  #whole({ error, message }: Extract<SDKMessage, { type: 'assistant' }>): Reading {
    // After an error inside the stream the CLI ends the message as if it were whole. A refusal is an answer.
    if (error !== undefined && message.stop_reason !== 'refusal') this.#failing = true;
    // After a 404 the CLI asks again without streaming. Nothing says when such an answer is whole: a fresh process asks anew.
    else if (!this.#began && this.#heldStart === undefined)
      return failed(
        'engine_died',
        'The upstream refused a streamed request as not found, and answered one that was not.',
      );
    return NOTHING;
  }

  #event(event: StreamEvent): Reading {
    switch (event.type) {
      case 'message_start':
        if (this.#began) return cut();
        this.#heldStart = event;
        return NOTHING;
      case 'message_delta':
        return this.#messageDelta(event);
      case 'message_stop':
        // After a connection that closed in mid-stream the CLI ends the message, but has no reason to give.
        if (this.#fold.soFar().stop_reason === null) return cut();
        return { events: this.#pass(event), outcome: this.#stopped() };
      default:
        return { events: this.#pass(event) };
    }
  }

  #pass(event: StreamEvent): StreamEvent[] {
    const events = this.#heldStart === undefined ? [event] : [this.#heldStart, event];
    this.#heldStart = undefined;
    this.#began = true;
    for (const passed of events) this.#fold.add(passed);
    return events;
  }

  /** The last moment to stop the CLI from asking again; the API always sends `message_stop` next. */
  #messageDelta(event: Extract<StreamEvent, { type: 'message_delta' }>): Reading {
    const events = this.#pass(event);
    if (!this.#mustEndNow(event.delta.stop_reason)) return { events };
    return { events: [...events, ...this.#pass({ type: 'message_stop' })], outcome: { kind: 'spent' } };
  }

  #mustEndNow(stop: AnswerMessage['stop_reason']): boolean {
    // It would write "Output token limit hit. Resume directly…" and ask again.
    if (stop === 'max_tokens' || stop === 'model_context_window_exceeded') return true;
    const calls = this.#calls();
    // It would answer a message without visible text with "[Your previous response had no visible output…]", and ask again.
    if (calls.length === 0) return stop === 'tool_use' || !hasVisible(this.#fold.soFar().content);
    // It would answer a call that it cannot deliver with an error of its own, and ask again.
    return stop !== 'tool_use' || calls.some(({ name, input }) => !this.#offered.has(name) || !isDeliverable(input));
  }

  #stopped(): Outcome {
    const answer = this.#fold.message();
    const calls = this.#calls();
    if (calls.length > 0) return { kind: 'suspended', answer, pending: new Set(calls.map(({ id }) => id)) };
    // What the CLI keeps of a refusal or a pause is its own affair: such a process is not used again.
    return answer.stop_reason === 'refusal' || answer.stop_reason === 'pause_turn'
      ? { kind: 'spent' }
      : { kind: 'finished', answer };
  }

  #calls() {
    return this.#fold.soFar().content.filter((block) => block.type === 'tool_use');
  }

  #rateLimit(limit: RateLimit): Reading {
    if (limit.status === 'rejected') this.#resetsAt = limit.resetsAt;
    return { events: [{ type: 'notice', notice: { kind: 'rate_limit', limit } }] };
  }

  #errorOf(result: Extract<SDKMessage, { type: 'result' }>): TurnError {
    if (!result.is_error) return new TurnError('upstream_error', 'Claude Code ended the turn without an answer.');
    const untilReset = this.#resetsAt === undefined ? this.#lastDelay : this.#resetsAt - Date.now() / 1000;
    return errorOfResult(result, untilReset === undefined ? undefined : Math.max(1, Math.ceil(untilReset)));
  }

  /** The delay is the API's `retry-after` where it sent one, which the CLI shows nowhere else. */
  #retry(message: { attempt: number; retry_delay_ms: number; error_status: number | null }): Reading {
    this.#lastDelay = message.retry_delay_ms / 1000;
    return {
      events: [
        {
          type: 'notice',
          notice: {
            kind: 'retry',
            attempt: message.attempt,
            delayMs: message.retry_delay_ms,
            status: message.error_status,
          },
        },
      ],
    };
  }
}

/** MCP arguments are an object, and a broken input never reaches the handler. */
const isDeliverable = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && !Array.isArray(input) && brokenText(input) === undefined;
