/** Waits that end: a promise against a timer, or against an AbortSignal. */
import type { Clock } from './clock.ts';

/** The value of `timerResource`, a symbol so that it differs from every other value. */
export const timedOut = Symbol('timed out');

export interface Timer extends Disposable {
  /** Resolves to `timedOut` once the time is over; never rejects. */
  readonly passed: Promise<typeof timedOut>;
}

/** A timer that is cleared when its block ends: `using timer = timerResource(clock, 500)`. */
const timerResource = (clock: Pick<Clock, 'after'>, ms: number): Timer => {
  const { promise, resolve } = Promise.withResolvers<typeof timedOut>();
  const cancel = clock.after(ms, () => resolve(timedOut));
  return { passed: promise, [Symbol.dispose]: cancel };
};

/** The promise's value, or `timedOut` when it takes longer than `ms`. The promise itself is left to go on. */
export const within = async <Value>(
  promise: Promise<Value>,
  ms: number,
  clock: Pick<Clock, 'after'>,
): Promise<Value | typeof timedOut> => {
  using timer = timerResource(clock, ms);
  return await Promise.race([promise, timer.passed]);
};

export interface AbortWatch extends Disposable {
  /** Rejects with the signal's reason once it is aborted; never resolves. */
  readonly aborted: Promise<never>;
}

/** Listens to a signal until its block ends: `using watch = abortResource(signal)`. */
const abortResource = (signal: AbortSignal): AbortWatch => {
  const { promise, reject } = Promise.withResolvers<never>();
  const listener = (): void => reject(signal.reason as Error);
  promise.catch(() => undefined);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { aborted: promise, [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
};

/** The promise's value; rejects with the signal's reason when that is aborted first. The promise is left to go on. */
export const unlessAborted = async <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  using watch = abortResource(signal);
  return await Promise.race([promise, watch.aborted]);
};

/** Resolves after `ms`; rejects with the signal's reason when that is aborted first. */
export const pause = async (
  ms: number,
  { clock, signal }: { readonly clock: Pick<Clock, 'after'>; readonly signal: AbortSignal },
): Promise<void> => {
  using timer = timerResource(clock, ms);
  await unlessAborted(timer.passed, signal);
};
