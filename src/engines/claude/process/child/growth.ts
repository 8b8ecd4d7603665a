/** When one more process is worth its start, which takes CPU time from every running answer. Pure. */
import { COST } from '../../conversation/costs.ts';
import type { Head } from '../../conversation/heads.ts';

export interface Waiting {
  readonly waitedMs: number;
  /** How long turns have taken of late; undefined before the first. */
  readonly typicalTurnMs: number | undefined;
  /** For each busy process that could serve the request: how long it has been busy. */
  readonly busyMs: readonly number[];
  /** Whether one of them is only ending a turn, which takes milliseconds. */
  readonly freeSoon: boolean;
}

/** Whether to start a process for a waiting request: not where one becomes free before a new one could be ready. */
export const isWorthAStart = ({ waitedMs, typicalTurnMs = Infinity, busyMs, freeSoon }: Waiting): boolean => {
  if (busyMs.length === 0 || waitedMs >= patienceMs) return true;
  return !freeSoon && Math.max(typicalTurnMs, ...busyMs) >= COST.start;
};

/** A request that has waited this long gets a process of its own in any case. */
export const patienceMs = 2 * COST.start;

/** An exponential mean, in which the newest value has a weight of one fifth. */
export const meanOf = (before: number | undefined, newest: number): number =>
  before === undefined ? newest : before + (newest - before) / 5;

/** How many displaced conversations are remembered. */
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

  /** Called for each conversation that is appended; returns whether one more process is worth its start. */
  appended(heads: readonly Head[], messages: number): boolean {
    if (!heads.some((head) => this.#displaced.delete(head))) return false;
    this.#ms += messages * COST.append;
    if (this.#ms < COST.start) return false;
    this.#ms = 0;
    return true;
  }
}
