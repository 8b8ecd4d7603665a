/** Notices silence by reading the clock at each sign of life instead of setting a timer each time. */
import type { Clock } from './clock.ts';

export interface Watchdog extends Disposable {
  /** Reports a sign of life. */
  alive(): void;
}

/**
 * Calls `then` once `ms` have passed without a sign of life, and again for each further silence. One timer serves all
 * of it: when it fires too early, it is set for the rest.
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
      // It stays off, whoever still calls it.
      cancel = () => undefined;
    },
  };
};
