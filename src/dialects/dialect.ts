/**
 * A dialect is two pure translations: the caller's request to a turn, and what happened back to the caller.
 * Beside them it declares its paths, headers and names. Every folder holds the same files: wire, parse, render, …
 */
import type { z } from 'zod';
import type { Engine } from '../turn/engine.ts';
import type { Clock } from '../util/clock.ts';
import type { TextCipher } from '../util/text-cipher.ts';
import type { StoredResponse } from './stored-response.ts';
import type { AnswerMessage, TurnRequest } from '../turn/turn.ts';
import type { TurnEvent } from '../turn/events.ts';
import type { TurnError } from '../turn/errors.ts';
import type { ForcedCall } from '../turn/with-forced-call.ts';
import type { ListedModel } from '../models/list.ts';
import type { CallersField } from './callers-field.ts';
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
  readonly clock: Pick<Clock, 'now'>;
  /** The usage so far, when it is called. */
  readonly times: () => AnswerTimes;
  /** Id of the HTTP request, `req_…`: answers with an id of their own are named after it. */
  readonly requestId: string;
  /** Encrypts values that a caller must send back unchanged; absent where this server has no key for it. */
  readonly cipher?: TextCipher;
  /** The stored responses that the request refers to, and those before them; absent where nothing is stored. */
  readonly stored?: ReadonlyMap<string, StoredResponse>;
  /** The engine that will run the turn: `abilities` decide, `name` is used in error messages. */
  readonly engine: Pick<Engine, 'name' | 'abilities'>;
}

export interface ParsedRequest<Answer = unknown> {
  readonly request: TurnRequest;
  readonly betas: readonly string[];
  readonly model: ResolvedModel;
  readonly stream: boolean;
  readonly report: ParameterReport;
  /** The whole answer where the model is not needed: no turn is run. */
  readonly withoutTurn?: object;
  /** Stop sequences that cannot be passed on (whitespace only) and are cut by this server instead. */
  readonly emulatedStops: readonly string[];
  /** The forced call is asked for as JSON, because the model cannot be forced to call a tool. */
  readonly forcedCall?: ForcedCall;
  /** Maps paths in `request` to the caller's paths; absent where both are the same. */
  readonly callersField?: CallersField;
  /** What the renderer must know of the request: `include_usage`, legacy functions, … */
  readonly answer: Answer;
}

/** How long an answer has taken so far. */
export interface AnswerTimes {
  /** Until the first part of the answer that a user could see. */
  readonly untilFirstMs: number;
  readonly totalMs: number;
}

export interface RenderedError {
  readonly body: object;
}

/** What a path does. Each runtime (Node, Worker) brings one handler for each action. */
export type DialectAction =
  | 'turn'
  | 'count'
  | 'models'
  | 'model'
  | 'stored-response'
  | 'stored-input'
  | 'remove-stored'
  | 'cancel'
  | 'api-version'
  | 'model-details'
  | 'running-models'
  | 'pull-model';

export interface DialectRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /**
   * Below each of the dialect's roots, in Hono's syntax: `/messages`, `/models/:id{.+}`. `:model` names the model of a
   * turn.
   */
  readonly path: string;
  readonly action: DialectAction;
  /** What is read of the body, for the OpenAPI document; `parse` reads it. */
  readonly body?: z.ZodType;
}

/** Everything that is known of an API that callers speak. Adding one is a folder, and a line in `dialects/index.ts`. */
export interface Dialect<Answer = unknown> {
  /** As it is named in the log: `openai-chat`. */
  readonly name: string;
  /** Prefixes of its paths, `''` for none: clients set a base URL with or without `/v1`. */
  readonly roots: readonly string[];
  readonly routes: readonly DialectRoute[];
  /**
   * Decides whether a request for a path that several dialects share belongs to this one. Without it, the first dialect
   * in the list gets the request.
   */
  readonly recognises?: (request: { readonly headers: Headers; readonly query: URLSearchParams }) => boolean;

  /** Validates and translates. Throws `TurnError` naming the field at fault. */
  parse(body: unknown, context: ParseContext): ParsedRequest<Answer>;
  /** Like `parse`, for a request whose tokens are only counted; required for the action `count`. */
  readonly parseCount?: (body: unknown, context: ParseContext) => ParsedRequest<Answer>;
  readonly renderCount?: (inputTokens: number) => object;
  /** The JSON answer. */
  render(message: AnswerMessage, parsed: ParsedRequest<Answer>): object;
  /** The frames of a streamed answer, its end marker included. An error thrown by `events` passes through. */
  stream(events: AsyncIterable<TurnEvent>, parsed: ParsedRequest<Answer>): AsyncIterable<SseFrame>;
  /**
   * How frames become bytes; absent: server-sent events. With `ndjson` only `data` of a frame is sent, one line of
   * JSON.
   */
  readonly streamFormat?: 'ndjson';
  /** An answer is streamed unless the body says `stream: false`. */
  readonly streamsUnlessTold?: true;
  /**
   * The API's callers support paused answers and send them back to continue; for the other dialects this server does
   * it.
   */
  readonly knowsPauses?: true;
  /** `stream` ends a failed answer itself before it throws the error on: no error frame may follow. */
  readonly endsFailedStreams?: true;
  /** Errors that clients handle only inside a stream, so a stream is started for them. */
  belongsInStream?(error: TurnError): boolean;
  /** The dialect's error envelope; `errorSchema` is its shape, for the OpenAPI document. */
  readonly errorSchema: z.ZodType;
  renderError(error: TurnError, requestId: string): RenderedError;
  /** The frame that reports an error inside a stream that has begun. */
  errorFrame(error: TurnError, requestId: string): SseFrame;
  /** The same for an error that is already a response body; without it the frame's data is that body. */
  renderedErrorFrame?(body: string): SseFrame;
  /** The frame that keeps an idle stream alive. */
  readonly keepalive: SseFrame;

  renderModels(models: readonly ListedModel[]): object;
  renderModel(model: ListedModel): object;
  /**
   * The texts that a conversation begins with: the same for every request of one conversation, so that they choose the
   * instance that holds it. Accepts any body, also a malformed one.
   */
  conversationStart(body: object): readonly string[];

  /** For a dialect with the actions `api-version`, `model-details`, `running-models`, `pull-model`. */
  readonly discovery?: DialectDiscovery;

  /** How answers are stored for later requests and encrypted; absent in a dialect that stores none. */
  readonly storage?: DialectStorage<Answer>;

  /** Parameters that the dialect's SDKs send as headers, by header name. */
  readonly parametersInHeaders?: Readonly<Record<string, string>>;
  /** The caller's name for a canonical parameter: `thinking` is OpenAI's `reasoning_effort`. */
  readonly parameterNames?: Readonly<Record<string, string>>;
  /** A second name for `x-request-id` that the dialect's SDKs read. */
  readonly requestIdHeader?: string;
  /** The account's limits under additional header names; `limits` are the API's own `anthropic-ratelimit-*` headers. */
  limitHeaders?(limits: HeaderRecord, nowMs: number): HeaderRecord;
  /**
   * The longest `retry-after` that the dialect's SDKs respect. They retry too early after a longer one, so
   * `x-should-retry: false` stops them.
   */
  readonly longestRetrySeconds?: number;
}

export interface DialectDiscovery {
  readonly version: object;
  readonly running: object;
  /** The answer to a client that pulls a model which is already there. */
  readonly pulled: object;
  /** The name of the model whose details are asked for. Takes any body; throws `invalid_request`. */
  modelAskedFor(body: unknown): string;
}

export interface DialectStorage<Answer = unknown> {
  /**
   * Ids of the stored answers that a body refers to: the one it goes on, and those whose items it names. Takes any
   * body.
   */
  references(body: object): { readonly continued: string | undefined; readonly mentioned: readonly string[] };
  /** What to store; undefined where the caller asked not to store the answer. */
  record(message: AnswerMessage, parsed: ParsedRequest<Answer>): StoredResponse | undefined;
  render(stored: StoredResponse, include: readonly string[]): object;
  /** One page of what a response answered; `history` is the oldest first and ends with that response. */
  renderInput(history: readonly StoredResponse[], query: ItemQuery): object;
  renderRemoved(id: string): object;
  /** A running answer: the id for cancelling it, and what the caller sees afterwards. */
  underWay(parsed: ParsedRequest<Answer>): { readonly id: string; readonly cancelled: object };
}

/** Which part of a list is wanted. */
export interface ItemQuery {
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly order: 'asc' | 'desc';
  readonly include: readonly string[];
}

/** Headers of a response by lower-case name. */
export type HeaderRecord = Readonly<Record<string, string>>;
