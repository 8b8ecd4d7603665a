/** Time as an argument: the real one in production, a hand-driven one in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch: for dates that leave the process. It jumps when the machine's time is set. */
  now(): number;
  /** Milliseconds from some fixed moment, which never jump: for durations and ages. */
  elapsed(): number;
  /** Runs `then` once after `ms`, however long that is; the returned function cancels it. */
  after(ms: number, then: () => void): () => void;
}

/** A longer delay overflows the 32 bits of a timer, which then fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, then) => {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number): void => {
      timer =
        left > LONGEST_TIMER_MS
          ? setTimeout(() => wait(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(then, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
