/**
 * Asks an idle process for the usage of the plan after turns, at most every five minutes: answers tell only of the
 * window that is nearest to its end. The process stays free for requests, which do not wait for the answer, and nothing
 * that happens to the request is a fault of it.
 */
import type { RateLimit } from '../../../turn/events.ts';
import type { Clock } from '../../../util/clock.ts';
import type { Log } from '../../../util/log.ts';
import { timedOut, within } from '../../../util/timer.ts';
import { readUsage, USAGE_REQUEST, type UsageReading } from './control/plan-usage.ts';
import type { Limits } from './control/rate-limits.ts';
import type { HeldProcess } from './held-process.ts';

type Idle = Pick<HeldProcess, 'state'> & {
  readonly held: readonly unknown[];
  readonly cli: Pick<HeldProcess['cli'], 'control'>;
};

export interface UsageWatchOptions {
  /** Whether to ask at all; default: no. */
  readonly planUsage?: boolean;
  /** An API key has no plan, and is never asked for one. */
  readonly credentialKind: 'api-key' | 'subscription';
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly processes: () => readonly Idle[];
}

const EVERY_MS = 5 * 60_000;
/** The process of the turn is idle by then, and a client that goes on at once has gone on. */
const AFTER_TURN_MS = 1_000;
const ANSWER_WITHIN_MS = 15_000;
const MOST_MISSES = 3;

export class UsageWatch {
  readonly #options: UsageWatchOptions;
  #on: boolean;
  #cancel: (() => void) | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #misses = 0;
  /** Hears what was answered. */
  told: (limits: readonly RateLimit[]) => void = () => undefined;

  constructor(options: UsageWatchOptions) {
    this.#options = options;
    this.#on = options.planUsage === true && options.credentialKind === 'subscription';
  }

  /** Returns at once. */
  turnEnded(): void {
    const { clock } = this.#options;
    if (!this.#on || this.#cancel !== undefined || clock.elapsed() - this.#askedAt < EVERY_MS) return;
    this.#cancel = clock.after(AFTER_TURN_MS, () => {
      this.#cancel = undefined;
      void this.#ask();
    });
  }

  close(): void {
    this.#on = false;
    this.#cancel?.();
  }

  async #ask(): Promise<void> {
    const { clock, limits, processes } = this.#options;
    const idle = processes().filter(({ state }) => state === 'idle');
    const process = idle.find(({ held }) => held.length === 0) ?? idle[0];
    // The next turn that ends tries again.
    if (process === undefined) return;
    this.#askedAt = clock.elapsed();
    const reply = await within(process.cli.control.request(USAGE_REQUEST), ANSWER_WITHIN_MS, clock);
    if (!this.#on) return;
    if (reply === timedOut) return this.#missed();
    this.#misses = 0;
    const reading: UsageReading = readUsage(reply, clock.now());
    if (reading.kind === 'off') this.#stop(reading.reason);
    else this.told(limits.noteUsage(reading.windows));
  }

  /** Not at the first: a process that ends does not answer either, nor does one without a network. */
  #missed(): void {
    this.#misses += 1;
    if (this.#misses >= MOST_MISSES) this.#stop('no answer');
  }

  #stop(reason: string): void {
    this.#on = false;
    this.#options.log.info({ reason }, 'Claude Code is not asked for the usage of the plan until the next start');
  }
}
