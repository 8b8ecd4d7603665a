/**
 * Which conversations the container holds, as far as can be known here: the last ones it served, as many as its count.
 */

/** For a server that does not report how many. */
const MOST = 10_000;

export class WarmConversations {
  /** The least recent first. */
  readonly #served = new Set<string>();
  #held = MOST;

  get size(): number {
    return this.#served.size;
  }

  /** Whether conversations are held at all. */
  get any(): boolean {
    return this.#held > 0;
  }

  has(conversation: string): boolean {
    return this.#served.has(conversation);
  }

  /** The container has begun to answer; `held`: its count of conversations now. */
  serve(conversation: string, held: number | undefined): void {
    this.#held = held ?? MOST;
    this.#served.delete(conversation);
    this.#served.add(conversation);
    for (const oldest of this.#served) {
      if (this.#served.size <= this.#held) break;
      this.#served.delete(oldest);
    }
  }

  /** The container has ended. */
  clear(): void {
    this.#served.clear();
  }
}
