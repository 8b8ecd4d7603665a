/**
 * Delays the headers of a streamed answer until its first event, but only briefly: an error before that event can still
 * be an HTTP status that clients know how to retry.
 */
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import type { Clock } from '../../util/clock.ts';
import { rejoin } from '../../util/iterators.ts';

export interface FirstEvent {
  /** Whether the answer has begun before the time was up. */
  readonly begun: boolean;
  /** All events from the first on, those already read included. */
  readonly events: AsyncIterable<TurnEvent>;
}

export interface HeaderWait {
  /** How long to wait for the first event. */
  readonly waitMs: number;
  /** The longest wait, while the upstream has failed and is asked again: what comes next is most likely an error. */
  readonly longestMs: number;
  readonly clock: Clock;
}

/** Reads up to the first event of the answer, within the time to wait. An error in that time is thrown. */
export const waitForFirstEvent = async (events: AsyncIterable<TurnEvent>, wait: HeaderWait): Promise<FirstEvent> => {
  const iterator = events[Symbol.asyncIterator]();
  const read: TurnEvent[] = [];
  const timer = new Timer(wait);
  try {
    for (;;) {
      const pending = iterator.next();
      const next = await Promise.race([pending, timer.late]);
      if (next === 'late') return { begun: false, events: rejoin(read, iterator, pending) };
      if (next.done === true) return { begun: true, events: rejoin(read, iterator) };
      read.push(next.value);
      if (isStreamEvent(next.value)) return { begun: true, events: rejoin(read, iterator) };
      if (next.value.type === 'notice' && next.value.notice.kind === 'retry') timer.extend(next.value.notice.delayMs);
    }
  } finally {
    timer.stop();
  }
};

class Timer {
  readonly late: Promise<'late'>;
  stop: () => void;
  readonly #ring: () => void;
  readonly #wait: HeaderWait;
  readonly #end: number;

  constructor(wait: HeaderWait) {
    const { promise, resolve } = Promise.withResolvers<'late'>();
    this.late = promise;
    this.#ring = () => resolve('late');
    this.#wait = wait;
    this.#end = wait.clock.elapsed() + wait.longestMs;
    this.stop = wait.clock.after(wait.waitMs, this.#ring);
  }

  /** The next try begins after `delayMs` and gets the usual time. */
  extend(delayMs: number): void {
    const { clock, waitMs } = this.#wait;
    this.stop();
    this.stop = clock.after(Math.max(0, Math.min(delayMs + waitMs, this.#end - clock.elapsed())), this.#ring);
  }
}
