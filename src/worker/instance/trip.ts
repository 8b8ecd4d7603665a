/**
 * How far one request has come on its way through an instance. It counts as open until its end, whoever brings that
 * about.
 */
import type { Ticket } from './open-requests.ts';

export type Stage =
  /** For the container, or for the login. */
  | 'waiting'
  /** The container has the request and answers next. */
  | 'asked'
  /** The client has headers and keepalives: the status can no longer change. */
  | 'shown'
  /** The answer has begun. */
  | 'answered'
  /** The client has gone. */
  | 'left';

export interface TripEvents {
  /** The headers of the answer have arrived. `conversations`: the container's own count, where it has one. */
  readonly onAnswer: (conversations: number | undefined) => void;
  /** Called once on every path; for a client that leaves early, when its request has been given up. */
  readonly onEnd: () => void;
}

export class Trip {
  #stage: Stage = 'waiting';
  #ended = false;
  readonly #left = new AbortController();
  readonly #ticket: Ticket;
  readonly #events: TripEvents;

  constructor(ticket: Ticket, events: TripEvents) {
    this.#ticket = ticket;
    this.#events = events;
  }

  get stage(): Stage {
    return this.#stage;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Aborted when the client has left. */
  get signal(): AbortSignal {
    return this.#left.signal;
  }

  readonly touch = (): void => this.#ticket.touch();

  ask(): void {
    this.#ticket.inside(true);
    if (this.#stage === 'waiting') this.#stage = 'asked';
  }

  /** The container did not get the request, or will not answer it: it may be asked again. */
  takeBack(): void {
    this.#ticket.inside(false);
    if (this.#stage === 'asked') this.#stage = 'waiting';
  }

  show(): void {
    if (this.#stage === 'waiting' || this.#stage === 'asked') this.#stage = 'shown';
  }

  answer(conversations: number | undefined): void {
    if (this.#stage !== 'left') this.#stage = 'answered';
    this.#ticket.answered();
    this.#events.onAnswer(conversations);
  }

  readonly leave = (): void => {
    const answered = this.#stage === 'answered';
    this.#stage = 'left';
    this.#left.abort();
    this.#ticket.release();
    if (answered) this.end(); // Before the answer, the request fails and ends by that.
  };

  readonly end = (): void => {
    this.#ticket.release();
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd();
  };
}
