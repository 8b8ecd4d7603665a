/** A clock that moves only when a test moves it. */
import type { Clock } from '../../src/util/clock.ts';

export class HandClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ at: number; ring: () => void }>();
  #wallOffset = 0;

  elapsed(): number {
    return this.#now;
  }

  now(): number {
    return this.#now + this.#wallOffset;
  }

  /** Sets the machine's time, as NTP or its owner does; nothing has lasted any longer for it. */
  setWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  after(ms: number, ring: () => void): () => void {
    const timer = { at: this.#now + ms, ring };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set and not cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.ring();
    }
    this.#now = end;
  }

  #due(end: number): { at: number; ring: () => void } | undefined {
    return [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
