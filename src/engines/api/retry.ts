/** Retries, until an answer has begun. */
import type { TurnEvent } from '../../turn/events.ts';
import { systemClock } from '../../util/clock.ts';
import { pause } from '../../util/timer.ts';
import { unreachable } from './failures.ts';
import { retryAfterSeconds } from './retry-after.ts';
import type { UpstreamResponse } from './upstream.ts';

/** Resolves after this many milliseconds; rejects when the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export interface RetryOptions {
  readonly maxRetries: number;
  readonly signal: AbortSignal;
  readonly wait?: Wait;
}

/** The longest pause before a retry; where the upstream asks for more, the caller gets its error instead. */
const LONGEST_WAIT_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LARGEST_BACKOFF_MS = 8000;

type Attempt = { readonly response: UpstreamResponse } | { readonly lost: unknown };

/**
 * Yields a notice before each retry; returns the first response that is not worth a retry, which may be an error.
 * Throws `upstream_unreachable` where the last try found no connection.
 */
export async function* retrying(
  ask: () => Promise<UpstreamResponse>,
  { maxRetries, signal, wait = waitFor }: RetryOptions,
): AsyncGenerator<TurnEvent, UpstreamResponse, undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce(ask, signal);
    const delayMs = attempt > maxRetries ? undefined : pauseAfter(result, attempt);
    if (delayMs === undefined) {
      if ('response' in result) return result.response;
      throw unreachable(result.lost);
    }
    const status = 'response' in result ? result.response.status : null;
    yield { type: 'notice', notice: { kind: 'retry', attempt, delayMs, status } };
    // Read to its end, or the connection could not be used again.
    if ('response' in result) await result.response.body?.cancel();
    await wait(delayMs, signal);
  }
}

const tryOnce = async (ask: () => Promise<UpstreamResponse>, signal: AbortSignal): Promise<Attempt> => {
  try {
    return { response: await ask() };
  } catch (error) {
    signal.throwIfAborted();
    return { lost: error };
  }
};

/** Milliseconds until the next try; undefined where there should be none. */
const pauseAfter = (result: Attempt, attempt: number): number | undefined => {
  if ('lost' in result) return backoff(attempt);
  const { status, headers } = result.response;
  if (!isWorthRetrying(status, headers)) return undefined;
  const seconds = retryAfterSeconds(headers);
  if (seconds === undefined) return backoff(attempt);
  return seconds * 1000 > LONGEST_WAIT_MS ? undefined : Math.ceil(seconds * 1000);
};

/** `x-should-retry` is the API's explicit answer; 408 and 409 are a timeout and a lock at the API. */
const isWorthRetrying = (status: number, headers: Headers): boolean => {
  const advice = headers.get('x-should-retry');
  if (advice === 'true' || advice === 'false') return advice === 'true' && status >= 400;
  return status === 408 || status === 409 || status === 429 || status >= 500;
};

/** Doubles each time, minus up to a quarter at random, so that clients do not return at the same moment. */
const backoff = (attempt: number): number =>
  Math.round(Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LARGEST_BACKOFF_MS) * (1 - Math.random() / 4));

const waitFor: Wait = (ms, signal) => pause(ms, { clock: systemClock, signal });
