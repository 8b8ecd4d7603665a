/**
 * The direct engine: the Messages API over `fetch`. It uses no process and no Node API, so it runs in Workers too. It
 * sends the turn's request unchanged, with `stream: true`.
 */
import { apiAbilities } from './abilities.ts';
import type { Engine, EngineHealth, EngineModel } from '../../turn/engine.ts';
import { TurnError } from '../../turn/errors.ts';
import type { TurnEvent } from '../../turn/events.ts';
import { countedFields } from '../../turn/counted.ts';
import type { Turn, TurnRequest } from '../../turn/turn.ts';
import { systemClock, type Clock } from '../../util/clock.ts';
import { EventReader } from './events.ts';
import { failureOf, notJson } from './failures.ts';
import { listModels, ModelCache } from './models.ts';
import { callHeaders } from './notices.ts';
import { endpoint, requestHeaders } from './request.ts';
import { retrying, type Wait } from './retry.ts';
import { Call } from './call.ts';
import type { UpstreamFetch, UpstreamResponse } from './upstream.ts';

export interface ApiEngineOptions {
  /** Sent as `x-api-key`. One of the two is needed. */
  readonly apiKey?: string;
  /** Sent as `Authorization: Bearer`, for gateways. */
  readonly authToken?: string;
  /** Without `/v1`; default `https://api.anthropic.com`. */
  readonly baseUrl?: string;
  readonly fetch?: UpstreamFetch;
  /** How often a request is asked again before its answer begins; default 2. */
  readonly maxRetries?: number;
  /** The longest silence of the upstream, before its headers and within its answer; default 10 minutes. */
  readonly timeoutMs?: number;
  /** The clock of pauses between retries. */
  readonly wait?: Wait;
  /** The clock of the model list's age. */
  readonly clock?: Pick<Clock, 'elapsed'>;
}

export const createApiEngine = (options: ApiEngineOptions): Engine => new ApiEngine(options);

class ApiEngine implements Engine {
  readonly name = 'anthropic-api';
  readonly abilities = apiAbilities;
  readonly reportsAllModels = true;
  readonly #options: ApiEngineOptions;
  readonly #calls = new Set<Call>();
  readonly #models: ModelCache;
  #completed = 0;
  #closed = false;

  constructor(options: ApiEngineOptions) {
    this.#options = options;
    this.#models = new ModelCache({
      load: () => this.#withCall(undefined, (call) => listModels((path) => this.#json(call, { path, method: 'GET' }))),
      clock: options.clock ?? systemClock,
    });
  }

  async *run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, undefined> {
    const call = this.#open(signal);
    try {
      yield { type: 'notice', notice: { kind: 'strategy', strategy: 'direct' } };
      const body = { ...(await this.#named(turn.request)), stream: true };
      const response = yield* this.#ask(call, { path: '/v1/messages', method: 'POST', body, betas: turn.betas });
      const reader = new EventReader();
      for await (const chunk of call.body(response)) {
        for (const event of reader.read(chunk)) {
          if (event.type === 'message_stop') call.answered();
          yield event;
        }
      }
      reader.end();
      this.#completed += 1;
    } catch (error) {
      throw call.failure(error);
    } finally {
      this.#end(call);
    }
  }

  countTokens({ request, betas }: Turn, signal: AbortSignal): Promise<number> {
    return this.#withCall(signal, async (call) => {
      const body = countedFields(await this.#named(request));
      const answer = await this.#json(call, { path: '/v1/messages/count_tokens', method: 'POST', body, betas });
      const { input_tokens: tokens } = answer as { input_tokens?: unknown };
      if (typeof tokens !== 'number')
        throw new TurnError('upstream_error', 'The upstream answered a token count without a number.');
      return tokens;
    });
  }

  models(): Promise<readonly EngineModel[]> {
    return this.#models.get();
  }

  health(): EngineHealth {
    const gauges = { turns_running: this.#calls.size, turns_completed: this.#completed };
    if (this.#closed) return { ok: false, reason: 'The engine is closed.', gauges };
    return { ok: true, gauges };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const call of this.#calls) call.stop(new TurnError('draining', 'The server is shutting down.'));
  }

  #open(signal: AbortSignal | undefined): Call {
    if (this.#closed) throw new TurnError('draining', 'The server is shutting down.');
    const call = new Call({
      signal,
      silenceMs: this.#options.timeoutMs ?? 600_000,
      clock: systemClock,
    });
    this.#calls.add(call);
    return call;
  }

  #end(call: Call): void {
    this.#calls.delete(call);
    call.end();
  }

  async #withCall<Result>(signal: AbortSignal | undefined, work: (call: Call) => Promise<Result>): Promise<Result> {
    const call = this.#open(signal);
    try {
      return await work(call);
    } catch (error) {
      throw call.failure(error);
    } finally {
      this.#end(call);
    }
  }

  /** The successful response. Yields notices on the way; throws the upstream's error. */
  async *#ask(call: Call, sent: Sent): AsyncGenerator<TurnEvent, UpstreamResponse, undefined> {
    const { maxRetries = 2, wait } = this.#options;
    const fetch: UpstreamFetch = this.#options.fetch ?? globalThis.fetch;
    const url = endpoint(this.#options.baseUrl, sent.path);
    const init = {
      method: sent.method,
      headers: requestHeaders(this.#options, sent.betas),
      ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
      signal: call.signal,
      redirect: 'manual' as const,
    };
    const response = yield* retrying(() => call.inTime(fetch(url, init)), {
      maxRetries,
      signal: call.signal,
      ...(wait && { wait }),
    });
    yield { type: 'notice', notice: { kind: 'headers', headers: callHeaders(response.headers) } };
    if (!response.ok) throw await call.inTime(failureOf(response));
    return response;
  }

  async #json(call: Call, sent: Sent): Promise<unknown> {
    const asking = this.#ask(call, sent);
    for (;;) {
      const { done, value } = await asking.next();
      if (done === true) return call.inTime(value.json()).catch((cause: unknown) => Promise.reject(notJson(cause)));
    }
  }

  /** The API knows full ids only: a short name (`sonnet`) becomes the newest model of that family. */
  async #named(request: TurnRequest): Promise<TurnRequest> {
    const model = await this.#models.fullId(request.model);
    return model === request.model ? request : { ...request, model };
  }
}

interface Sent {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body?: object;
  readonly betas?: readonly string[];
}
