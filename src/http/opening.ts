/**
 * The first moments of a streamed answer. An error before the first event can still be an HTTP status
 * that clients know how to retry, so the headers wait for it, but only for a moment.
 */
import type { Clock } from '../access/clock.ts';
import { isStreamEvent, type TurnEvent } from '../turn/events.ts';

export interface Opening {
  /** Whether the answer has begun; if not, the time was up first. */
  readonly begun: boolean;
  /** All events from the first on, those already read included. */
  readonly events: AsyncIterable<TurnEvent>;
}

/** Reads up to the first event of the answer, for `waitMs` at most. An error in that time is thrown. */
export const openingOf = async (events: AsyncIterable<TurnEvent>, waitMs: number, clock: Clock): Promise<Opening> => {
  const iterator = events[Symbol.asyncIterator]();
  const read: TurnEvent[] = [];
  const { promise: timer, resolve } = Promise.withResolvers<'late'>();
  const cancel = clock.after(waitMs, () => resolve('late'));
  try {
    for (;;) {
      const pending = iterator.next();
      const next = await Promise.race([pending, timer]);
      if (next === 'late') return { begun: false, events: rejoin(read, iterator, pending) };
      if (next.done === true) return { begun: true, events: rejoin(read, iterator) };
      read.push(next.value);
      if (isStreamEvent(next.value)) return { begun: true, events: rejoin(read, iterator) };
    }
  } finally {
    cancel();
  }
};

async function* rejoin(
  read: readonly TurnEvent[],
  iterator: AsyncIterator<TurnEvent>,
  pending?: Promise<IteratorResult<TurnEvent>>,
): AsyncGenerator<TurnEvent, void, undefined> {
  try {
    yield* read;
    for (let next = await (pending ?? iterator.next()); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
