/** Retries with growing pauses until it succeeds. */
import type { Clock } from './clock.ts';
import { pause } from './timer.ts';

export interface Backoff {
  readonly clock: Pick<Clock, 'after'>;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Called after each failure, except one caused by the abort, with the pause that follows. */
  readonly failed: (error: unknown, pauseMs: number) => void;
}

/**
 * Resolves after the first success, or when the signal is aborted; never rejects. The pause doubles with each failure.
 */
export const untilItWorks = async (work: () => Promise<unknown>, backoff: Backoff): Promise<void> => {
  const { clock, signal, firstMs, longestMs, failed } = backoff;
  for (let pauseMs = firstMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestMs)) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) return;
      failed(error, pauseMs);
    }
    await pause(pauseMs, { clock, signal }).catch(() => undefined);
  }
};
