/**
 * Reads the CLI's messages of one step, from a request to the API to the end of its answer, and decides what is passed
 * on and how the step ends. No effects; the comments explain the CLI's behaviour that it guards against, and each has a
 * test.
 */
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AnswerMessage } from '../../../turn/turn.ts';
import type { RateLimit, StreamEvent, TurnEvent } from '../../../turn/events.ts';
import { brokenText } from '../../../turn/broken-input.ts';
import { TurnError, type ErrorCode } from '../../../turn/errors.ts';
import { MessageFold } from '../../../turn/fold.ts';
import { hasVisible, isForgotten } from '../conversation/exchanges.ts';
import { toRateLimit } from '../process/control/rate-limits.ts';
import { errorOfResult } from './result-errors.ts';

export type Outcome =
  /** The answer is over; the process is free once its `result` has come. */
  | { readonly kind: 'finished'; readonly answer: AnswerMessage }
  /** Calls of these ids wait for the client's results. */
  | { readonly kind: 'suspended'; readonly answer: AnswerMessage; readonly pending: ReadonlySet<string> }
  /**
   * The answer is over, but the CLI would now ask again, or does not hold the answer as it was: the turn must be cut at
   * once.
   */
  | { readonly kind: 'cut' }
  | { readonly kind: 'failed'; readonly error: TurnError };

export interface Reading {
  readonly events: readonly TurnEvent[];
  readonly outcome?: Outcome;
  /** Whether the CLI should be kept from asking again by itself: it may soon want to. */
  readonly latch?: boolean;
}

export interface StepLimits {
  /** Names of tools that the process can take calls for. */
  readonly offered: ReadonlySet<string>;
  readonly maxTokens: number;
}

/** A token has a byte at least, and this many may be on their way when the latch is asked for. */
const LATCH_AHEAD_BYTES = 512;

const NOTHING: Reading = { events: [] };
const failed = (code: ErrorCode, message: string): Reading => ({
  events: [],
  outcome: { kind: 'failed', error: new TurnError(code, message) },
});
const broken = (): Reading => failed('upstream_error', 'The upstream connection was lost in the middle of the answer.');

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

  readonly #maxTokens: number;
  #bytes = LATCH_AHEAD_BYTES;
  #latched = false;

  constructor({ offered, maxTokens }: StepLimits) {
    this.#offered = offered;
    this.#maxTokens = maxTokens;
  }

  read(message: SDKMessage): Reading {
    const reading = this.#read(message);
    if (this.#latched || !this.#mayAskAgain(message)) return reading;
    this.#latched = true;
    return { ...reading, latch: true };
  }

  /** Whether the answer may end in a way after which the CLI asks again. The length of thinking is not shown. */
  #mayAskAgain(message: SDKMessage): boolean {
    if (message.type === 'system') return message.subtype === 'status' && this.#bytes >= this.#maxTokens;
    if (message.type !== 'stream_event') return false;
    const event = message.event as StreamEvent;
    if (event.type === 'content_block_start') {
      const { content_block: block } = event;
      return block.type === 'thinking' || (block.type === 'tool_use' && !this.#offered.has(block.name));
    }
    if (event.type !== 'content_block_delta') return false;
    this.#bytes += bytesOf(event.delta);
    return this.#bytes >= this.#maxTokens;
  }

  #read(message: SDKMessage): Reading {
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
    // After a 404 the CLI asks again without streaming. Nothing says when such an answer is whole: a fresh process asks
    // anew.
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
        if (this.#began) return broken();
        this.#heldStart = event;
        return NOTHING;
      case 'message_delta':
        return this.#messageDelta(event);
      case 'message_stop':
        // After a connection that closed in mid-stream the CLI ends the message, but has no reason to give.
        if (this.#fold.soFar().stop_reason === null) return broken();
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
    return { events: [...events, ...this.#pass({ type: 'message_stop' })], outcome: { kind: 'cut' } };
  }

  #mustEndNow(stop: AnswerMessage['stop_reason']): boolean {
    // It would write "Output token limit hit. Resume directly…" and ask again.
    if (stop === 'max_tokens' || stop === 'model_context_window_exceeded') return true;
    const calls = this.#calls();
    // It would answer a message without visible text with "[Your previous response had no visible output…]", and ask
    // again.
    if (calls.length === 0) return stop === 'tool_use' || !hasVisible(this.#fold.soFar().content);
    // It would answer a call that it cannot deliver with an error of its own, and ask again.
    return stop !== 'tool_use' || calls.some(({ name, input }) => !this.#offered.has(name) || !isDeliverable(input));
  }

  #stopped(): Outcome {
    const answer = this.#fold.message();
    const calls = this.#calls();
    if (calls.length > 0) return { kind: 'suspended', answer, pending: new Set(calls.map(({ id }) => id)) };
    // How the CLI keeps a refusal or a pause does not matter here.
    const { stop_reason: stop, content } = answer;
    if (stop === 'refusal' || stop === 'pause_turn' || isForgotten(content)) return { kind: 'cut' };
    return { kind: 'finished', answer };
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

const bytesOf = (delta: Extract<StreamEvent, { type: 'content_block_delta' }>['delta']): number => {
  if (delta.type === 'text_delta') return Buffer.byteLength(delta.text);
  return delta.type === 'input_json_delta' ? Buffer.byteLength(delta.partial_json) : 0;
};

/** MCP arguments are an object, and a broken input never reaches the handler. */
const isDeliverable = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && !Array.isArray(input) && brokenText(input) === undefined;
