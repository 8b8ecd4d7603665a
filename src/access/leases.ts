/**
 * The bounded queue in front of the engine. A lease is the right to run one turn; it is held from admission until the
 * answer's body has ended. Owners take turns, and a full queue evicts an entry of the owner with most entries, so one
 * busy key cannot shut out another; within an owner, first come is first served.
 */
import { TurnError } from '../turn/errors.ts';
import type { Clock } from '../util/clock.ts';

export interface LeaseOptions {
  readonly maxConcurrency: number;
  /** How many may wait; 0 refuses at once when every lease is held. */
  readonly queueLimit: number;
  readonly queueTimeoutMs: number;
  readonly clock: Clock;
}

export interface Lease {
  readonly waitedMs: number;
  /** Gives the lease back; only the first call counts. */
  release(): void;
}

export interface LeaseStats {
  readonly held: number;
  readonly queued: number;
  readonly draining: boolean;
}

export interface Leases {
  /** Throws `queue_full`, `queue_timeout`, `draining`, or `client_closed` when the signal aborts first. */
  acquire(owner: string, signal: AbortSignal): Promise<Lease>;
  stats(): LeaseStats;
  /** Refuses everyone who waits and everyone who comes; leases already held stay held. */
  drain(): void;
  /** Resolves when no lease is held. */
  idle(): Promise<void>;
}

interface Waiter {
  readonly owner: string;
  readonly since: number;
  admit(lease: Lease): void;
  refuse(error: TurnError): void;
}

export const createLeases = (options: LeaseOptions): Leases => new LeaseQueue(options);

class LeaseQueue implements Leases {
  readonly #options: LeaseOptions;
  readonly #queue = new RoundRobin<Waiter>();
  readonly #onIdle: (() => void)[] = [];
  #held = 0;
  #draining = false;
  #meanHoldMs = 5_000;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  async acquire(owner: string, signal: AbortSignal): Promise<Lease> {
    if (signal.aborted) throw clientLeft();
    if (this.#draining) throw isDraining();
    if (this.#held < this.#options.maxConcurrency) return this.#lease(0);
    if (this.#queue.size >= this.#options.queueLimit) this.#makeRoomFor(owner);
    return this.#wait(owner, signal);
  }

  /**
   * The newest entry of the longest line is evicted, if that leaves its owner no fewer entries than the newcomer gets.
   */
  #makeRoomFor(owner: string): void {
    const { waiting, longest } = this.#queue.lines(owner);
    if (longest === undefined || longest.waiting <= waiting + 1) throw this.#full();
    this.#queue.pop(longest.owner)?.refuse(this.#full());
  }

  stats(): LeaseStats {
    return { held: this.#held, queued: this.#queue.size, draining: this.#draining };
  }

  drain(): void {
    this.#draining = true;
    for (let waiter = this.#queue.shift(); waiter !== undefined; waiter = this.#queue.shift())
      waiter.refuse(isDraining());
  }

  idle(): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    return promise;
  }

  #wait(owner: string, signal: AbortSignal): Promise<Lease> {
    const { clock, queueTimeoutMs } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const forget = (): void => {
      cancelTimer();
      signal.removeEventListener('abort', left);
    };
    const waiter: Waiter = {
      owner,
      since: clock.elapsed(),
      admit: (lease) => (forget(), resolve(lease)),
      refuse: (error) => (forget(), reject(error)),
    };
    const leaveWith = (error: TurnError): void => (this.#queue.remove(owner, waiter), waiter.refuse(error));
    const left = (): void => leaveWith(signal.reason instanceof TurnError ? signal.reason : clientLeft());
    const cancelTimer = clock.after(queueTimeoutMs, () => leaveWith(this.#timedOut()));
    signal.addEventListener('abort', left);
    this.#queue.push(owner, waiter);
    return promise;
  }

  #lease(waitedMs: number): Lease {
    const since = this.#options.clock.elapsed();
    let released = false;
    this.#held += 1;
    return {
      waitedMs,
      release: () => {
        if (released) return;
        released = true;
        this.#held -= 1;
        this.#meanHoldMs = 0.8 * this.#meanHoldMs + 0.2 * (this.#options.clock.elapsed() - since);
        this.#next();
      },
    };
  }

  #next(): void {
    const waiter = this.#queue.shift();
    if (waiter !== undefined) waiter.admit(this.#lease(this.#options.clock.elapsed() - waiter.since));
    else if (this.#held === 0) for (const notify of this.#onIdle.splice(0)) notify();
  }

  #full(): TurnError {
    const { maxConcurrency, queueLimit } = this.#options;
    const text =
      `All slots are taken (MAX_CONCURRENCY: ${maxConcurrency}), and the queue is full (QUEUE_LIMIT: ` +
      `${queueLimit}).`;
    return new TurnError('queue_full', text, { retryAfterSeconds: this.#expectedWaitSeconds() });
  }

  #timedOut(): TurnError {
    const text = `No slot became free within ${this.#options.queueTimeoutMs} ms (QUEUE_TIMEOUT_MS).`;
    return new TurnError('queue_timeout', text, { retryAfterSeconds: this.#expectedWaitSeconds() });
  }

  // How long the queue takes to empty at the recent pace, from 1 to 60 seconds.
  #expectedWaitSeconds(): number {
    const rounds = (this.#queue.size + 1) / this.#options.maxConcurrency;
    return Math.min(60, Math.max(1, Math.ceil((rounds * this.#meanHoldMs) / 1000)));
  }
}

/** One line for each owner; owners take turns. */
class RoundRobin<Item> {
  readonly #lines = new Map<string, Item[]>();
  size = 0;

  push(owner: string, item: Item): void {
    const line = this.#lines.get(owner);
    if (line === undefined) this.#lines.set(owner, [item]);
    else line.push(item);
    this.size += 1;
  }

  shift(): Item | undefined {
    const first = this.#lines.entries().next().value;
    if (first === undefined) return undefined;
    const [owner, line] = first;
    const item = line.shift();
    this.size -= 1;
    // A Map keeps insertion order, so setting the owner again moves it to the end.
    this.#lines.delete(owner);
    if (line.length > 0) this.#lines.set(owner, line);
    return item;
  }

  /** How many entries this owner has, and the owner with the longest line. */
  lines(owner: string): {
    readonly waiting: number;
    readonly longest: { readonly owner: string; readonly waiting: number } | undefined;
  } {
    const lengths = [...this.#lines].map(([name, line]) => ({ owner: name, waiting: line.length }));
    return {
      waiting: this.#lines.get(owner)?.length ?? 0,
      longest: lengths.toSorted((a, b) => b.waiting - a.waiting)[0],
    };
  }

  /** Removes the newest entry of a line. */
  pop(owner: string): Item | undefined {
    const newest = this.#lines.get(owner)?.at(-1);
    if (newest !== undefined) this.remove(owner, newest);
    return newest;
  }

  remove(owner: string, item: Item): void {
    const line = this.#lines.get(owner);
    const index = line?.indexOf(item) ?? -1;
    if (line === undefined || index < 0) return;
    line.splice(index, 1);
    this.size -= 1;
    if (line.length === 0) this.#lines.delete(owner);
  }
}

const clientLeft = (): TurnError => new TurnError('client_closed', 'The client closed the request.');

const isDraining = (): TurnError => new TurnError('draining', 'The server is shutting down.', { retryAfterSeconds: 5 });
