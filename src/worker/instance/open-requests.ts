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

/** `lastActive` is written at most this often: writes are billed. */
const WRITE_MS = 30_000;

export interface OpenRequestsOptions {
  readonly now: () => number;
  /** When a byte last passed; outlives this object's time in memory, as the container does. */
  readonly lastActive: { get(): number | undefined; set(at: number): void };
}

export class OpenRequests {
  readonly #open = new Map<number, Open>();
  readonly #options: OpenRequestsOptions;
  #next = 0;
  #released = Promise.withResolvers<void>();
  #lastActive: number;

  constructor(options: OpenRequestsOptions) {
    this.#options = options;
    const written = options.lastActive.get();
    // What was not written since may be so much later: rather awake a little longer than asleep too early.
    this.#lastActive = written === undefined ? options.now() : Math.min(options.now(), written + WRITE_MS);
  }

  /** `bytes`: length of the request's body, which is held until the answer begins. */
  enter({ conversation, bytes }: { readonly conversation: string; readonly bytes: number }): Ticket {
    const id = (this.#next += 1);
    const open: Open = { conversation, lastByte: this.#active(), inside: false, heldBytes: bytes };
    this.#open.set(id, open);
    return {
      touch: () => void (open.lastByte = this.#active()),
      inside: (is) => void (open.inside = is),
      answered: () => void (open.heldBytes = 0),
      release: () => {
        if (!this.#open.delete(id)) return;
        this.#active();
        this.#released.resolve();
        this.#released = Promise.withResolvers<void>();
      },
    };
  }

  get size(): number {
    return this.#open.size;
  }

  /** Resolves when a request ends. */
  released(): Promise<void> {
    return this.#released.promise;
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
    const now = this.#options.now();
    for (const [id, { lastByte }] of this.#open) if (now - lastByte > STALE_MS) this.#open.delete(id);
    return this.size > 0 ? 0 : now - this.#lastActive;
  }

  #active(): number {
    const { now, lastActive } = this.#options;
    this.#lastActive = now();
    if (this.#lastActive - (lastActive.get() ?? 0) >= WRITE_MS) lastActive.set(this.#lastActive);
    return this.#lastActive;
  }

  #all(): readonly Open[] {
    return [...this.#open.values()];
  }
}
