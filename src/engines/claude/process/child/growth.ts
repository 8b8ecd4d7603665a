/** When one more process is worth its start, which takes CPU time from every running answer. Pure. */
import { COST } from '../../conversation/costs.ts';
import type { Head } from '../../conversation/heads.ts';

export interface Waiting {
  readonly waitedMs: number;
  /** How long turns have taken of late; undefined before the first. */
  readonly typicalTurnMs: number | undefined;
  /** For how long each process is at work that could serve the request once it is free. */
  readonly busyMs: readonly number[];
  /** Whether one of them has nothing left to do but to end a turn. */
  readonly freeSoon: boolean;
}

/** Whether a process is started for a request that waits: not where one will be free before it could have begun. */
export const isWorthAStart = ({ waitedMs, typicalTurnMs = Infinity, busyMs, freeSoon }: Waiting): boolean => {
  if (busyMs.length === 0 || waitedMs >= patienceMs) return true;
  return !freeSoon && Math.max(typicalTurnMs, ...busyMs) >= COST.start;
};

/** From here on a process is started whatever is to be expected. */
export const patienceMs = 2 * COST.start;

/** The mean of late, in which the newest counts a fifth. */
export const meanOf = (before: number | undefined, newest: number): number =>
  before === undefined ? newest : before + (newest - before) / 5;

/** Conversations that had to leave their process, as long as they may come back. */
const REMEMBERED = 256;

/**
 * What it has cost that conversations share processes: when one that had to leave comes back, its messages are appended
 * again. Once that has cost as much as a start, one more process is cheaper.
 */
export class Regret {
  readonly #displaced = new Set<Head>();
  #ms = 0;

  displaced(head: Head | undefined): void {
    if (head === undefined) return;
    this.#displaced.add(head);
    const [oldest] = this.#displaced;
    if (this.#displaced.size > REMEMBERED && oldest !== undefined) this.#displaced.delete(oldest);
  }

  /** To be told of each conversation that is appended; whether it is time for one more process. */
  appended(heads: readonly Head[], messages: number): boolean {
    if (!heads.some((head) => this.#displaced.delete(head))) return false;
    this.#ms += messages * COST.append;
    if (this.#ms < COST.start) return false;
    this.#ms = 0;
    return true;
  }
}
