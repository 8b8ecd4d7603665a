/** Silence that is noticed, at the cost of reading the clock for each sign of life instead of setting a timer. */
import type { Clock } from './clock.ts';

export interface Watchdog extends Disposable {
  /** Something was heard. */
  alive(): void;
}

/**
 * Calls `then` once `ms` have passed without a sign of life, and again for each further silence that follows one.
 * One timer runs for all of it: when it rings too early, it is set for what is left.
 */
export const watchdog = (clock: Pick<Clock, 'elapsed' | 'after'>, ms: number, then: () => void): Watchdog => {
  let last = clock.elapsed();
  let cancel: (() => void) | undefined;
  const wait = (left: number): void => {
    cancel = clock.after(left, () => {
      cancel = undefined;
      const quiet = clock.elapsed() - last;
      if (quiet < ms) wait(ms - quiet);
      else then();
    });
  };
  wait(ms);
  return {
    alive: () => {
      last = clock.elapsed();
      if (cancel === undefined) wait(ms);
    },
    [Symbol.dispose]: () => {
      cancel?.();
      // Nothing sets it again, whoever still calls.
      cancel = () => undefined;
    },
  };
};
