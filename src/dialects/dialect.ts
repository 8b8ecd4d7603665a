/**
 * A dialect is two pure translations: the caller's request to a turn, and what happened back to
 * the caller. Every dialect folder holds the same files: wire, parse, render, stream, error.
 */
import type { Engine } from '../turn/engine.ts';
import type { AnswerMessage, TurnRequest } from '../turn/turn.ts';
import type { TurnEvent } from '../turn/events.ts';
import type { TurnError } from '../turn/errors.ts';
import type { ResolvedModel, ResolveModel } from '../models/model.ts';

/** One frame of a server-sent event stream, before it becomes bytes. */
export type SseFrame =
  | { readonly event?: string; readonly data: string }
  /** A comment line, ignored by every SSE parser: a sign of life. */
  | { readonly comment: string };

/** What became of the parameters that were not simply applied, by their path in the caller's request. */
export interface ParameterReport {
  readonly ignored: readonly string[];
  readonly emulated: readonly string[];
}

export interface ParseContext {
  readonly resolveModel: ResolveModel;
  /** Values of the `anthropic-beta` header, split at commas. */
  readonly betas: readonly string[];
  /** Parameters of the body that came as headers, as the SDK sends some, by their names in the body. */
  readonly inHeaders?: readonly string[];
  /** Unix seconds, for `created`. */
  readonly now: number;
  /** Who will run the turn: `abilities` decide, `name` is for words to the caller. */
  readonly engine: Pick<Engine, 'name' | 'abilities'>;
}

export interface ParsedRequest<Answer = unknown> {
  readonly request: TurnRequest;
  readonly betas: readonly string[];
  readonly model: ResolvedModel;
  readonly stream: boolean;
  readonly report: ParameterReport;
  /** Stop sequences that cannot be passed on (whitespace only) and are cut by this server instead. */
  readonly emulatedStops: readonly string[];
  /** What the renderer must know of the request: `include_usage`, legacy functions, … */
  readonly answer: Answer;
}

export interface RenderedError {
  readonly body: object;
}

export interface Dialect<Answer = unknown> {
  readonly name: 'openai-chat' | 'openai-completions' | 'anthropic-messages';
  /** Validates and translates. Throws `TurnError` naming the field at fault. */
  parse(body: unknown, context: ParseContext): ParsedRequest<Answer>;
  /** The JSON answer. */
  render(message: AnswerMessage, parsed: ParsedRequest<Answer>): object;
  /** The frames of a streamed answer, its end marker included. An error thrown by `events` passes through. */
  stream(events: AsyncIterable<TurnEvent>, parsed: ParsedRequest<Answer>): AsyncIterable<SseFrame>;
  /** The dialect's error envelope. */
  renderError(error: TurnError, requestId: string): RenderedError;
  /** The frame that reports an error inside a stream that has begun. */
  errorFrame(error: TurnError, requestId: string): SseFrame;
  /** The frame sent while nothing else can be said. */
  readonly keepalive: SseFrame;
}
