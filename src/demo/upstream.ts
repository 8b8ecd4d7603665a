/**
 * The demo upstream: a scripted Anthropic Messages API on loopback, for `npm run demo`, tests and benchmarks.
 * No model is behind it, and its answers say so. It validates, streams, counts and fails as the API does.
 *
 *     const upstream = await startDemoUpstream();
 *     upstream.enqueue({ content: [{ type: 'text', text: 'Hello' }] });        // the next answer
 *     upstream.script((body) => body.stream ? { failure: { status: 529 } } : undefined); // every answer; undefined:
 * default
 *     upstream.requests[0].body; upstream.clear(); await upstream.close();
 *
 * An answer without a script follows the directives in the last user message that has text:
 *   [[text:Hi]] [[think:Hm]] [[tool:NAME {"a":1}]] [[tokens:N]]  content blocks, in this order of writing
 *   [[then]]                     parts the steps of a tool loop: the part after it rules the answer to the results
 *   [[stop:REASON]] [[refuse]] [[pause]]                         the stop reason
 *   [[slow:MS]] [[first:MS]] [[chunk:WORDS]]                     delay per delta, delay of the headers, words per delta
 *   [[error:STATUS]] [[error:429 retry-after=2 times=1]]         an HTTP error; `times`: for the first N equal requests
 *   [[error-mid:TYPE after=N times=N]] [[cut]] [[cut:N times=N]] [[hang]] [[hang:N]]   breaks after N deltas (default
 * 1);
 *                                                                [[hang]] without a number never answers at all
 * Without directives it calls the tool that a request forces, or its only one where the question names the tool's
 * purpose.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError, invalid, type DemoAnswer, type DemoFailure, type DemoRequestBody } from './answer.ts';
import { compose } from './compose.ts';
import { errorBody, statusOfType } from './failure.ts';
import { makeId, toMessage } from './message.ts';
import { writeStream } from './stream.ts';
import { modelPage } from './models.ts';
import { countTokens, PromptCache } from './tokens.ts';
import { validate } from './validate.ts';

export interface DemoRequest {
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** The client closed before the answer was complete. */
  readonly aborted: boolean;
  /** The whole answer was written. */
  readonly completed: boolean;
}

type Recorded = { -readonly [Key in keyof DemoRequest]: DemoRequest[Key] };

/** Answers a request; `undefined` leaves it to the directives and the default. */
export type DemoScript = (
  body: DemoRequestBody,
  request: DemoRequest,
) => DemoAnswer | undefined | Promise<DemoAnswer | undefined>;

export interface DemoUpstream {
  /** `http://127.0.0.1:PORT`, without `/v1`. */
  readonly url: string;
  /** Every request since the start or `clear()`, oldest first; bounded by `keepRequests`. */
  readonly requests: readonly DemoRequest[];
  /** Only `POST /v1/messages`. */
  readonly messageRequests: readonly DemoRequest[];
  script(script: DemoScript | undefined): void;
  /** Answers for the next requests to `/v1/messages`, before any script. */
  enqueue(...answers: readonly DemoAnswer[]): void;
  /** Forgets requests, scripts, queued answers and the prompt cache. */
  clear(): void;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  readonly host?: '127.0.0.1';
  /** How many requests are recorded; default 5,000. */
  readonly keepRequests?: number;
}

export const startDemoUpstream = async ({
  port = 0,
  host = '127.0.0.1',
  keepRequests = 5000,
}: DemoOptions = {}): Promise<DemoUpstream> => {
  const state = new DemoState(keepRequests);
  const server = createServer((request, response) => void serve(state, request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    get requests() {
      return state.requests;
    },
    get messageRequests() {
      return state.requests.filter(({ method, path }) => method === 'POST' && /\/v1\/messages(\?|$)/.test(path));
    },
    script: (script) => void (state.script = script),
    enqueue: (...answers) => void state.queue.push(...answers),
    clear: () => state.clear(),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
};

class DemoState {
  readonly #keep: number;
  requests: Recorded[] = [];
  queue: DemoAnswer[] = [];
  script: DemoScript | undefined;
  readonly cache = new PromptCache();
  readonly #seen = new Map<string, number>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  clear(): void {
    this.requests = [];
    this.queue = [];
    this.script = undefined;
    this.#seen.clear();
    this.cache.clear();
  }

  record(request: Recorded): void {
    if (this.requests.length >= this.#keep) this.requests.shift();
    this.requests.push(request);
  }

  /** How often the key was asked for before. */
  timesSeen(key: string): number {
    const times = this.#seen.get(key) ?? 0;
    this.#seen.set(key, times + 1);
    return times;
  }
}

interface Exchange {
  readonly state: DemoState;
  readonly recorded: Recorded;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Breaks the connection on purpose, which does not count as the client leaving. */
  readonly cut: () => void;
}

const serve = async (state: DemoState, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const gone = new AbortController();
  const { method = '', url: path = '', headers } = request;
  const recorded: Recorded = {
    method,
    path,
    headers,
    body: undefined,
    startedAt: performance.now(),
    aborted: false,
    completed: false,
  };
  state.record(recorded);
  let cutOnPurpose = false;
  const cut = (): void => {
    cutOnPurpose = true;
    response.destroy();
  };
  response.once('close', () => {
    recorded.endedAt = performance.now();
    recorded.aborted = !response.writableFinished && !cutOnPurpose;
    recorded.completed &&= response.writableFinished;
    gone.abort();
  });
  const exchange: Exchange = { state, recorded, response, requestId: makeId('req'), signal: gone.signal, cut };
  try {
    if (method === 'POST') recorded.body = await readBody(request);
    await route(exchange);
  } catch (error) {
    if (!gone.signal.aborted)
      fail(exchange, error instanceof DemoError ? error.failure : { status: 500, message: String(error) });
  }
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  try {
    return await readJson(request);
  } catch (error) {
    throw invalid(`The request body is not valid JSON: ${String(error)}`);
  }
};

const route = async (exchange: Exchange): Promise<void> => {
  const { method, path, headers } = exchange.recorded;
  const { pathname, searchParams } = new URL(path, 'http://demo');
  const name = `${method} ${pathname}`;
  if (name === 'HEAD /' || name === 'GET /')
    return sendJson(exchange, 200, { body: { name: 'demo upstream (no model)' } });
  if (method === 'HEAD') return sendJson(exchange, 404, { body: {} });
  authenticate(headers);
  if (name === 'GET /v1/models') return sendJson(exchange, 200, { body: modelPage(searchParams) });
  if (name === 'POST /v1/messages/count_tokens') {
    return sendJson(exchange, 200, {
      body: { input_tokens: countTokens(validate(exchange.recorded.body, { counting: true })) },
    });
  }
  if (name === 'POST /v1/messages') return answerMessage(exchange);
  throw new DemoError({ status: 404, message: 'Not found' });
};

const authenticate = (headers: IncomingMessage['headers']): void => {
  const key = headers['x-api-key'] ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (key === undefined) throw new DemoError({ status: 401, message: 'x-api-key header is required' });
  if (key === 'invalid') throw new DemoError({ status: 401, message: 'invalid x-api-key' });
  if (headers['anthropic-version'] === undefined) throw invalid('anthropic-version: header is required');
};

/** Twelve days: longer than any client waits, and still a valid timer. */
const NEVER = 2 ** 30;

const answerMessage = async (exchange: Exchange): Promise<void> => {
  const { state, recorded, response, signal } = exchange;
  const body = validate(recorded.body);
  const answer =
    state.queue.shift() ?? (await state.script?.(body, recorded)) ?? compose(body, (key) => state.timesSeen(key));
  if (answer.hang === true) await sleep(NEVER, undefined, { signal });
  if (answer.firstByteDelayMs !== undefined) await sleep(answer.firstByteDelayMs, undefined, { signal });
  if (answer.failure !== undefined) throw new DemoError(answer.failure);
  const result = toMessage(answer, body, state.cache.count(body));
  if (body.stream === true) {
    response.writeHead(200, {
      ...headersOf(exchange, answer.headers),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    const outcome = await writeStream(response, { answer, result, signal });
    recorded.completed = outcome === 'complete';
    if (outcome === 'cut') exchange.cut();
    return;
  }
  await breakUnstreamed(answer, exchange);
  if (!response.destroyed) sendJson(exchange, 200, { body: result.message, headers: answer.headers });
};

/** What breaks a stream breaks an answer without one before its first byte. */
const breakUnstreamed = async ({ breaks }: DemoAnswer, { signal, cut }: Exchange): Promise<void> => {
  if (breaks?.kind === 'hang') await sleep(NEVER, undefined, { signal });
  if (breaks?.kind === 'cut') cut();
  if (breaks?.kind === 'error') {
    const type = breaks.errorType ?? 'overloaded_error';
    throw new DemoError({
      status: statusOfType(type),
      type,
      ...(breaks.message === undefined ? {} : { message: breaks.message }),
    });
  }
};

const fail = (exchange: Exchange, failure: DemoFailure): void => {
  if (exchange.response.headersSent) exchange.response.destroy();
  else sendJson(exchange, failure.status, { body: errorBody(failure, exchange.requestId), headers: failure.headers });
};

const sendJson = (
  exchange: Exchange,
  status: number,
  { body, headers }: { body: object; headers?: Readonly<Record<string, string>> | undefined },
): void => {
  exchange.response.writeHead(status, { ...headersOf(exchange, headers), 'content-type': 'application/json' });
  exchange.response.end(JSON.stringify(body));
  exchange.recorded.completed = true;
};

const headersOf = ({ requestId }: Exchange, extra: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'request-id': requestId,
  'anthropic-ratelimit-requests-limit': '1000',
  'anthropic-ratelimit-requests-remaining': '999',
  ...extra,
});
