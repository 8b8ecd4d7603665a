/**
 * Tells the owner when a window of the plan or a limit of a key is nearly used up: one log line and one call of the
 * webhook. It looks after requests have ended, never while one waits. What could not be sent is tried again, by another
 * server or after a restart if need be.
 */
import type { SharedValue } from '../../store/shared-value.ts';
import type { SummaryListener } from '../../turn/request-summary.ts';
import { untilItWorks } from '../../util/backoff.ts';
import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import { within } from '../../util/timer.ts';
import { alertText } from './alert-body.ts';
import { claimAlerts, noteAttempt, type Alert, type AlertState, type Measure } from './due-alerts.ts';

export interface AlertsHealth {
  /** Whether the last call of the webhook succeeded. */
  readonly ok: boolean;
  /** Why not, for the owner; without the webhook's address, which is a secret. */
  readonly reason?: string;
  readonly sent: number;
  /** Alerts that are tried again. */
  readonly waiting: number;
}

export interface Alerts {
  readonly listener: SummaryListener;
  health(): AlertsHealth;
  /** Looks a last time, and waits at most so long for calls that are under way. */
  close(withinMs: number): Promise<void>;
}

/** Calls the webhook once; rejects with a sentence that does not hold its address. */
export type SendAlert = (alert: Alert, signal: AbortSignal) => Promise<void>;

export interface AlertsOptions {
  readonly value: SharedValue<AlertState>;
  /** Of the plan, and of these keys; without them of all keys that have limits. */
  readonly measure: (keys?: ReadonlySet<string>) => Promise<readonly Measure[]>;
  /** Absent without a webhook. */
  readonly send?: SendAlert;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** By then what the request used has been counted, and the plan's windows have been stored. */
const LOOK_AFTER_MS = 2_000;
const FIRST_LOOK_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A server that does not say for so long that it tries again has ended. */
const ATTEMPT_MS = 30_000;

export const createAlerts = (options: AlertsOptions): Alerts => new SharedAlerts(options);

class SharedAlerts implements Alerts {
  readonly #options: AlertsOptions;
  readonly #ending = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  /** Keys that were used since the last look; undefined before the first one, which is at all. */
  #keys: Set<string> | undefined;
  #cancelLook: (() => void) | undefined;
  #lookAt = Infinity;
  #looking = Promise.resolve();
  #sent = 0;
  #failure: string | undefined;

  constructor(options: AlertsOptions) {
    this.#options = options;
    // The server before this one may have ended before it could send what it had claimed.
    if (options.send !== undefined) this.#lookAfter(FIRST_LOOK_MS);
  }

  readonly listener: SummaryListener = ({ key, model }) => {
    // What never came to a model has used nothing.
    if (model === undefined || this.#ending.signal.aborted) return;
    if (key?.id !== undefined) this.#keys?.add(key.id);
    this.#lookAfter(LOOK_AFTER_MS);
  };

  health(): AlertsHealth {
    const failure = this.#failure;
    return {
      ok: failure === undefined,
      ...(failure !== undefined && { reason: failure }),
      sent: this.#sent,
      waiting: this.#sending.size,
    };
  }

  async close(withinMs: number): Promise<void> {
    if (this.#cancelLook !== undefined) this.#look();
    const settled = async (): Promise<void> => {
      await this.#looking;
      await Promise.all(this.#sending);
    };
    await within(settled(), withinMs, this.#options.clock);
    this.#ending.abort();
    await Promise.all(this.#sending);
  }

  #lookAfter(ms: number): void {
    const at = this.#options.clock.elapsed() + ms;
    if (at >= this.#lookAt) return;
    this.#cancelLook?.();
    this.#lookAt = at;
    this.#cancelLook = this.#options.clock.after(ms, () => this.#look());
  }

  #look(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#lookAt = Infinity;
    this.#looking = this.#looking
      .then(() => this.#tell())
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'limits could not be looked at for alerts'));
  }

  async #tell(): Promise<void> {
    const { value, measure, send, clock, log } = this.#options;
    const keys = this.#keys;
    this.#keys = new Set();
    const measures = await measure(keys);
    const now = clock.now();
    const sendingUntil = send === undefined ? undefined : now + ATTEMPT_MS;
    const due = await value.change((before) => {
      const { state, due: alerts } = claimAlerts(before, measures, { now, sendingUntil });
      return { value: state, result: alerts };
    });
    for (const alert of due) {
      if (alert.first) log.warn(fieldsOf(alert), alertText(alert));
      if (send !== undefined) this.#send(alert, send);
    }
  }

  #send(alert: Alert, send: SendAlert): void {
    const { clock, log } = this.#options;
    const work = untilItWorks(
      async () => {
        await send(alert, this.#ending.signal);
        this.#failure = undefined;
        this.#sent += 1;
        await this.#note(alert, undefined);
      },
      {
        clock,
        signal: this.#ending.signal,
        firstMs: FIRST_PAUSE_MS,
        longestMs: LONGEST_PAUSE_MS,
        failed: (error, pauseMs) => {
          this.#failure = `The alert webhook failed: ${error instanceof Error ? error.message : String(error)}`;
          log.error({ ...fieldsOf(alert), retryMs: pauseMs }, this.#failure);
          void this.#note(alert, clock.now() + pauseMs + ATTEMPT_MS);
        },
      },
    ).finally(() => this.#sending.delete(work));
    this.#sending.add(work);
  }

  #note(alert: Alert, sendingUntil: number | undefined): Promise<void> {
    return this.#options.value.change((before) => ({
      value: noteAttempt(before, alert, sendingUntil),
      result: undefined,
    }));
  }
}

const fieldsOf = ({ kind, limit, key, threshold, used, allowed }: Alert): object => ({
  alert: kind,
  limit,
  ...(key !== undefined && { key: key.name }),
  threshold,
  used,
  allowed,
});
