/**
 * Bounds the bytes of all request bodies in the process. A body takes several times its size while it is read, parsed
 * and answered, so many large ones at once would end the process. Room is given in order of arrival; an owner who holds
 * most of it waits while others pass.
 */
import { TurnError } from '../turn/errors.ts';
import type { Clock } from '../util/clock.ts';

export interface BodyBudgetOptions {
  readonly maxBytes: number;
  /** How long a body waits for room before it is refused; with 0 it is refused at once. */
  readonly waitMs: number;
  readonly clock: Clock;
}

export interface Reservation {
  /** Gives back bytes that the body did not need. */
  shrinkTo(bytes: number): void;
  /** Gives all bytes back; only the first call counts. */
  release(): void;
}

export interface BodyBudget {
  /** Throws `server_busy` when there is no room in time, `client_closed` when the signal aborts first. */
  reserve(owner: string, bytes: number, signal: AbortSignal): Promise<Reservation>;
  stats(): { readonly heldBytes: number; readonly waiting: number };
}

interface Waiter {
  readonly owner: string;
  readonly bytes: number;
  readonly admit: (reservation: Reservation) => void;
}

export const createBodyBudget = (options: BodyBudgetOptions): BodyBudget => new Budget(options);

/** One owner leaves a quarter to the others. */
const OWNER_SHARE = 0.75;
const RETRY_AFTER_SECONDS = 5;

class Budget implements BodyBudget {
  readonly #options: BodyBudgetOptions;
  readonly #heldBy = new Map<string, number>();
  readonly #waiting = new Set<Waiter>();
  #held = 0;

  constructor(options: BodyBudgetOptions) {
    this.#options = options;
  }

  async reserve(owner: string, bytes: number, signal: AbortSignal): Promise<Reservation> {
    if (signal.aborted) throw clientLeft();
    const nobodyWaits = this.#waiting.size === 0;
    if (nobodyWaits && this.#roomFor(bytes) && this.#roomOf(owner, bytes)) return this.#take(owner, bytes);
    if (this.#options.waitMs === 0) throw noRoom();
    return this.#wait(owner, bytes, signal);
  }

  stats(): { heldBytes: number; waiting: number } {
    return { heldBytes: this.#held, waiting: this.#waiting.size };
  }

  #wait(owner: string, bytes: number, signal: AbortSignal): Promise<Reservation> {
    const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
    const forget = (): void => {
      cancelTimer();
      signal.removeEventListener('abort', left);
    };
    const waiter: Waiter = { owner, bytes, admit: (reservation) => (forget(), resolve(reservation)) };
    const leaveWith = (error: TurnError): void => {
      forget();
      this.#waiting.delete(waiter);
      reject(error);
      this.#admit();
    };
    const left = (): void => leaveWith(clientLeft());
    const cancelTimer = this.#options.clock.after(this.#options.waitMs, () => leaveWith(noRoom()));
    signal.addEventListener('abort', left);
    this.#waiting.add(waiter);
    this.#admit();
    return promise;
  }

  /** Nobody may overtake the first one in the queue, or a large body would wait for ever among small ones. */
  #admit(): void {
    for (const waiter of this.#waiting) {
      if (!this.#roomFor(waiter.bytes)) return;
      if (!this.#roomOf(waiter.owner, waiter.bytes)) continue;
      this.#waiting.delete(waiter);
      waiter.admit(this.#take(waiter.owner, waiter.bytes));
    }
  }

  #take(owner: string, bytes: number): Reservation {
    let mine = 0;
    const setTo = (now: number): void => {
      const change = now - mine;
      mine = now;
      this.#held += change;
      const ofOwner = (this.#heldBy.get(owner) ?? 0) + change;
      if (ofOwner === 0) this.#heldBy.delete(owner);
      else this.#heldBy.set(owner, ofOwner);
      if (change < 0) this.#admit();
    };
    setTo(bytes);
    return { shrinkTo: (needed) => setTo(Math.min(mine, needed)), release: () => setTo(0) };
  }

  /** A body that is larger than all the room is let in alone. */
  #roomFor(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#options.maxBytes;
  }

  #roomOf(owner: string, bytes: number): boolean {
    const held = this.#heldBy.get(owner) ?? 0;
    return held === 0 || held + bytes <= this.#options.maxBytes * OWNER_SHARE;
  }
}

const clientLeft = (): TurnError => new TurnError('client_closed', 'The client closed the request.');

const noRoom = (): TurnError =>
  new TurnError(
    'server_busy',
    'The server holds as many bytes of request bodies as it may. Ask again in some seconds.',
    {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
  );
