/**
 * A dialect is two pure translations: the caller's request to a turn, and what happened back to the caller.
 * Beside them it declares its paths, headers and names. Every folder holds the same files: wire, parse, render, …
 */
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
  /** Of the answer to this request, as far as it has come when it is called. */
  readonly times: () => AnswerTimes;
  /** Id of the HTTP request, `req_…`: answers with an id of their own are named after it. */
  readonly requestId: string;
  /** Encrypts what a caller must bring back unread and unchanged; absent where this server has no key for it. */
  readonly cipher?: TextCipher;
  /** The stored responses that the request refers to, and those before them; absent where nothing is stored. */
  readonly stored?: ReadonlyMap<string, StoredResponse>;
  /** Who will run the turn: `abilities` decide, `name` is for words to the caller. */
  readonly engine: Pick<Engine, 'name' | 'abilities'>;
}

export interface ParsedRequest<Answer = unknown> {
  readonly request: TurnRequest;
  readonly betas: readonly string[];
  readonly model: ResolvedModel;
  readonly stream: boolean;
  readonly report: ParameterReport;
  /** The whole answer, where the model is asked nothing: no turn is run then. */
  readonly withoutTurn?: object;
  /** Stop sequences that cannot be passed on (whitespace only) and are cut by this server instead. */
  readonly emulatedStops: readonly string[];
  /** The answer is a call that is asked for as JSON, since the model cannot be forced. */
  readonly forcedCall?: ForcedCall;
  /** The caller's names for places of `request`; absent where the caller's request has the same. */
  readonly callersField?: CallersField;
  /** What the renderer must know of the request: `include_usage`, legacy functions, … */
  readonly answer: Answer;
}

/** How long an answer has taken so far. */
export interface AnswerTimes {
  /** Until something of the answer could be seen. */
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
}

/** Everything that is known of an API that callers speak. Adding one is a folder, and a line in `dialects/index.ts`. */
export interface Dialect<Answer = unknown> {
  /** As it is named in the log: `openai-chat`. */
  readonly name: string;
  /** What may stand before its paths, `''` for none: a base URL is given with or without `/v1`. */
  readonly roots: readonly string[];
  readonly routes: readonly DialectRoute[];
  /**
   * Whether a request for a path that several dialects have is in this one. Without it the first in the list has it.
   */
  readonly recognises?: (request: { readonly headers: Headers; readonly query: URLSearchParams }) => boolean;

  /** Validates and translates. Throws `TurnError` naming the field at fault. */
  parse(body: unknown, context: ParseContext): ParsedRequest<Answer>;
  /** The same for a request that is only counted; a dialect with the action `count` has it. */
  readonly parseCount?: (body: unknown, context: ParseContext) => ParsedRequest<Answer>;
  readonly renderCount?: (inputTokens: number) => object;
  /** The JSON answer. */
  render(message: AnswerMessage, parsed: ParsedRequest<Answer>): object;
  /** The frames of a streamed answer, its end marker included. An error thrown by `events` passes through. */
  stream(events: AsyncIterable<TurnEvent>, parsed: ParsedRequest<Answer>): AsyncIterable<SseFrame>;
  /**
   * How its frames become bytes; absent: as server-sent events. Of a frame in `ndjson` only `data` is sent, one line of
   * JSON.
   */
  readonly streamFormat?: 'ndjson';
  /** An answer is streamed unless the body says `stream: false`. */
  readonly streamsUnlessTold?: true;
  /** Its callers know an answer that is paused, and send it back to go on; for others the server does. */
  readonly knowsPauses?: true;
  /** `stream` ends a failed answer itself before it throws the error on: no error frame may follow. */
  readonly endsFailedStreams?: true;
  /** Errors that a client acts on only inside a stream, so that one is begun for them. */
  belongsInStream?(error: TurnError): boolean;
  /** The dialect's error envelope. */
  renderError(error: TurnError, requestId: string): RenderedError;
  /** The frame that reports an error inside a stream that has begun. */
  errorFrame(error: TurnError, requestId: string): SseFrame;
  /** The same for an error that is there as the body of a response; without it the frame's data is that body. */
  renderedErrorFrame?(body: string): SseFrame;
  /** The frame sent while nothing else can be said. */
  readonly keepalive: SseFrame;

  renderModels(models: readonly ListedModel[]): object;
  renderModel(model: ListedModel): object;
  /**
   * The texts that a conversation begins with in a body: the same for every request of one conversation, so that
   * they can name the instance that holds it. Takes any body, also a malformed one.
   */
  conversationStart(body: object): readonly string[];

  /** For a dialect with the actions `api-version`, `model-details`, `running-models`, `pull-model`. */
  readonly discovery?: DialectDiscovery;

  /**
   * How answers are kept for later requests, and what they keep for themselves is encrypted; a dialect without it keeps
   * none.
   */
  readonly storage?: DialectStorage<Answer>;

  /** Parameters that the dialect's SDKs send as headers, by header name. */
  readonly parametersInHeaders?: Readonly<Record<string, string>>;
  /** A canonical parameter under the caller's name for it: `thinking` is OpenAI's `reasoning_effort`. */
  readonly parameterNames?: Readonly<Record<string, string>>;
  /** A second name for `x-request-id` that the dialect's SDKs read. */
  readonly requestIdHeader?: string;
  /** The account's limits under further names; `limits` are the API's own `anthropic-ratelimit-*`. */
  limitHeaders?(limits: HeaderRecord, nowMs: number): HeaderRecord;
  /** Asked to wait longer, the dialect's SDKs come back too soon, so they are told not to come back by themselves. */
  readonly longestRetrySeconds?: number;
}

export interface DialectDiscovery {
  readonly version: object;
  readonly running: object;
  /** The answer to a client that wants a model fetched which is there. */
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
  /** What to keep; undefined where the caller wants nothing kept. */
  record(message: AnswerMessage, parsed: ParsedRequest<Answer>): StoredResponse | undefined;
  render(stored: StoredResponse, include: readonly string[]): object;
  /** One page of what a response answered; `history` is the oldest first and ends with that response. */
  renderInput(history: readonly StoredResponse[], query: ItemQuery): object;
  renderRemoved(id: string): object;
  /** An answer under way: the id that it can be cancelled by, and what the caller then sees of it. */
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
