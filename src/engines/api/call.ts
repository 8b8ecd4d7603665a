/** One call to the upstream: who may stop it, why it was stopped, and how long the upstream may be silent. */
import { TurnError } from '../../turn/errors.ts';
import type { Clock } from '../../util/clock.ts';
import { within } from '../../util/timer.ts';
import { watchdog, type Watchdog } from '../../util/watchdog.ts';
import { brokenAnswer } from './failures.ts';
import type { UpstreamReader, UpstreamResponse } from './upstream.ts';

export interface CallOptions {
  /** The caller's; its reason is passed on where it is a `TurnError`. */
  readonly signal: AbortSignal | undefined;
  readonly silenceMs: number;
  readonly clock: Clock;
}

const LINGER_MS = 50;

export class Call {
  readonly #controller = new AbortController();
  readonly #options: CallOptions;
  /** One for the whole call: a timer for each chunk would cost more than the chunk. */
  readonly #silence: Watchdog;
  #waiting = false;
  #answered = false;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#silence = watchdog(options.clock, options.silenceMs, this.#upstreamSilent);
    if (options.signal?.aborted === true) this.#callerLeft();
    else options.signal?.addEventListener('abort', this.#callerLeft, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(reason: TurnError): void {
    this.#controller.abort(reason);
  }

  /** Ends the call in any state: what still runs upstream is aborted. */
  end(): void {
    this.#silence[Symbol.dispose]();
    this.#options.signal?.removeEventListener('abort', this.#callerLeft);
    this.#controller.abort(new TurnError('client_closed', 'The caller stopped reading.'));
  }

  /** The error to report: a call that was stopped failed for the reason why it was stopped. */
  failure(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }

  /** The answer is complete: the rest of the body is only read to keep the connection usable, and only briefly. */
  answered(): void {
    this.#answered = true;
  }

  /** Waits for the upstream, but no longer than it may be silent. */
  async inTime<Result>(answer: Promise<Result>): Promise<Result> {
    this.#waiting = true;
    this.#silence.alive();
    try {
      return await answer;
    } finally {
      this.#waiting = false;
    }
  }

  /** The bytes of a response. Throws `upstream_error` where they break off; leaving early cancels the body. */
  async *body(response: UpstreamResponse): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    try {
      while (!this.#answered) {
        const { done, value } = await this.#read(reader);
        if (done || value === undefined) return;
        yield value;
      }
      await this.#drain(reader);
    } finally {
      // A failed body has nothing to cancel; its error is already on its way to the caller.
      await reader.cancel().catch(() => undefined);
    }
  }

  async #read(reader: UpstreamReader): ReturnType<UpstreamReader['read']> {
    try {
      return await this.inTime(reader.read());
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : brokenAnswer(error);
    }
  }

  /** A connection cancelled before its end is closed; one that ends in time is kept by `fetch`. */
  async #drain(reader: UpstreamReader): Promise<void> {
    // What happens to the connection now is no part of the answer.
    const end = reader.read().catch(() => undefined);
    await within(end, LINGER_MS, this.#options.clock);
  }

  readonly #upstreamSilent = (): void => {
    // A reader that does not ask for the next chunk does not count as a silent upstream.
    if (!this.#waiting) this.#silence.alive();
    else {
      const seconds = this.#options.silenceMs / 1000;
      this.stop(new TurnError('upstream_timeout', `The upstream was silent for ${seconds} seconds.`));
    }
  };

  readonly #callerLeft = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    this.stop(reason instanceof TurnError ? reason : new TurnError('client_closed', 'The client closed the request.'));
  };
}
