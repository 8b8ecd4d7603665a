/**
 * Requests whose body has not ended. A container sleeps only when there are none, so a ticket that
 * is never given back would keep it awake, and billed, for ever: a silent one expires.
 */
export interface Ticket {
  /** A byte has passed. */
  readonly touch: () => void;
  /** Whether the container has the request now: asked, and not refused. */
  readonly inside: (is: boolean) => void;
  /** The answer has begun: the request is not held for another try any more. */
  readonly answered: () => void;
  /** Only the first call counts. */
  readonly release: () => void;
}

interface Open {
  readonly conversation: string;
  lastByte: number;
  inside: boolean;
  heldBytes: number;
}

/** A stream carries signs of life every few seconds; an answer that is not streamed may take this long. */
const STALE_MS = 30 * 60_000;

export class OpenRequests {
  readonly #open = new Map<number, Open>();
  readonly #now: () => number;
  #next = 0;
  #lastActive: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastActive = now();
  }

  /** `bytes`: length of the request's body, which is held until the answer begins. */
  enter({ conversation, bytes }: { readonly conversation: string; readonly bytes: number }): Ticket {
    const id = (this.#next += 1);
    const open: Open = { conversation, lastByte: this.#now(), inside: false, heldBytes: bytes };
    this.#open.set(id, open);
    return {
      touch: () => void (open.lastByte = this.#now()),
      inside: (is) => void (open.inside = is),
      answered: () => void (open.heldBytes = 0),
      release: () => void (this.#open.delete(id) && (this.#lastActive = this.#now())),
    };
  }

  get size(): number {
    return this.#open.size;
  }

  /** A request of this conversation is open: others of it belong beside it. */
  has(conversation: string): boolean {
    return this.#all().some((open) => open.conversation === conversation);
  }

  /** Requests that the container has now. */
  get inside(): number {
    return this.#all().filter(({ inside }) => inside).length;
  }

  /** Bytes of request bodies that are held for another try. */
  get heldBytes(): number {
    return this.#all().reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /** Milliseconds since the last request ended; 0 while one is open. */
  idleMs(): number {
    for (const [id, { lastByte }] of this.#open) if (this.#now() - lastByte > STALE_MS) this.#open.delete(id);
    return this.size > 0 ? 0 : this.#now() - this.#lastActive;
  }

  #all(): readonly Open[] {
    return [...this.#open.values()];
  }
}
