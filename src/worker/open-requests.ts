/**
 * Requests whose body has not ended. A container sleeps only when there are none, so a ticket that
 * is never given back would keep it awake, and billed, for ever: a silent one expires.
 */
export interface Ticket {
  /** A byte has passed. */
  readonly touch: () => void;
  /** Only the first call counts. */
  readonly release: () => void;
}

/** A stream carries signs of life every few seconds; an answer that is not streamed may take this long. */
const STALE_MS = 30 * 60_000;

export class OpenRequests {
  readonly #lastByte = new Map<number, number>();
  readonly #now: () => number;
  #next = 0;
  #lastActive: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastActive = now();
  }

  enter(): Ticket {
    const id = (this.#next += 1);
    const touch = (): void => {
      if (this.#lastByte.has(id)) this.#lastByte.set(id, this.#now());
    };
    this.#lastByte.set(id, this.#now());
    return { touch, release: () => this.#lastByte.delete(id) && (this.#lastActive = this.#now()) };
  }

  get size(): number {
    return this.#lastByte.size;
  }

  /** Milliseconds since the last request ended; 0 while one is open. */
  idleMs(): number {
    for (const [id, at] of this.#lastByte) if (this.#now() - at > STALE_MS) this.#lastByte.delete(id);
    return this.size > 0 ? 0 : this.#now() - this.#lastActive;
  }
}
