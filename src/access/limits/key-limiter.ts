/** Admits requests of named keys within their limits, which all servers with one database count together. */
import type { Store } from '../../store/store.ts';
import type { SharedValue } from '../../store/shared-value.ts';
import { TurnError } from '../../turn/errors.ts';
import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import {
  decide,
  headroom,
  refusalText,
  type Decision,
  type Headroom,
  type KeyLimits,
  type LimitContext,
} from './key-limits.ts';
import { admit, limitState, settle, unused, vouch, VOUCH_MS, type LimitState, type Usage } from './limit-state.ts';
import type { NamedKey } from '../named-keys.ts';
import type { Plan } from './plan.ts';

export interface Admission {
  /** Every limit of the key and what is left, this request included, for the answer's headers. */
  readonly headroom: readonly Headroom[];
  /** Must be called once when the turn has ended, with or without an error. Returns at once. */
  settle(used: Usage): void;
}

export interface KeyLimiter {
  /** Throws `key_limit`, with the limit's name in `details.limit`. Without the database this server counts alone. */
  admit(key: Pick<NamedKey, 'id' | 'limits'>, requestId: string): Promise<Admission>;
  /** What is left of each limit, for pages. */
  headroom(key: Pick<NamedKey, 'id' | 'limits'>): Promise<readonly Headroom[]>;
  /** Stops renewing the leases of running turns; usage that was counted is stored. */
  close(): Promise<void>;
}

export interface KeyLimiterOptions {
  readonly store: Pick<Store, 'sharedValue'>;
  readonly plan: Pick<Plan, 'sharesOf'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

export const createKeyLimiter = (options: KeyLimiterOptions): KeyLimiter => new SharedKeyLimiter(options);

interface Counted {
  readonly value: SharedValue<LimitState>;
  /** The turns that run on this server. */
  readonly running: Set<string>;
}

class SharedKeyLimiter implements KeyLimiter {
  readonly #options: KeyLimiterOptions;
  readonly #keys = new Map<string, Counted>();
  readonly #settling = new Set<Promise<unknown>>();
  #cancelVouching: (() => void) | undefined;

  constructor(options: KeyLimiterOptions) {
    this.#options = options;
  }

  async admit({ id: key, limits }: Pick<NamedKey, 'id' | 'limits'>, requestId: string): Promise<Admission> {
    const { value, running } = this.#countedOf(key);
    const settleLater = (used: Usage): void => this.#settle(key, requestId, used);
    // Usage is counted without a limit too: a limit that is set later holds from the beginning of the day.
    if (Object.values(limits).every((limit) => limit === undefined)) return { headroom: [], settle: settleLater };
    const context = await this.#context(key, limits);
    const { decision, left } = await value.change((state) => letIn(state, { limits, context, id: requestId }));
    if (decision.kind === 'refused') throw refusal(decision);
    running.add(requestId);
    this.#cancelVouching ??= this.#vouchLater();
    return { headroom: left, settle: settleLater };
  }

  async headroom({ id: key, limits }: Pick<NamedKey, 'id' | 'limits'>): Promise<readonly Headroom[]> {
    return headroom(limits, await this.#countedOf(key).value.current(), await this.#context(key, limits));
  }

  async close(): Promise<void> {
    this.#cancelVouching?.();
    await Promise.allSettled(this.#settling);
  }

  #countedOf(key: string): Counted {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const value = this.#options.store.sharedValue<LimitState>({
      id: `limits:${key}`,
      initial: unused,
      parse: (stored) => limitState.safeParse(stored).data,
    });
    const counted = { value, running: new Set<string>() };
    this.#keys.set(key, counted);
    return counted;
  }

  async #context(key: string, limits: KeyLimits): Promise<LimitContext> {
    const shares = limits.planShare === undefined ? [] : await this.#options.plan.sharesOf(key);
    return { now: this.#options.clock.now(), shares };
  }

  #settle(key: string, id: string, used: Usage): void {
    const { value, running } = this.#countedOf(key);
    running.delete(id);
    const now = this.#options.clock.now();
    this.#remember(value.change((state) => ({ value: settle(state, { id, now, used }), result: undefined })));
  }

  #vouchLater(): () => void {
    return this.#options.clock.after(VOUCH_MS / 3, () => {
      const busy = [...this.#keys.values()].filter(({ running }) => running.size > 0);
      for (const { value, running } of busy) {
        const now = this.#options.clock.now();
        // Read when it is written: by then a turn may have ended.
        this.#remember(
          value.change((state) => ({ value: vouch(state, { ids: [...running], now }), result: undefined })),
        );
      }
      this.#cancelVouching = busy.length === 0 ? undefined : this.#vouchLater();
    });
  }

  #remember(work: Promise<unknown>): void {
    this.#settling.add(work);
    void Promise.allSettled([work]).then(() => this.#settling.delete(work));
  }
}

interface Asking {
  readonly limits: KeyLimits;
  readonly context: LimitContext;
  readonly id: string;
}

const letIn = (state: LimitState, { limits, context, id }: Asking) => {
  const decision = decide(limits, state, context);
  const value = decision.kind === 'allowed' ? admit(state, { id, now: context.now }) : state;
  return { value, result: { decision, left: headroom(limits, value, context) } };
};

const refusal = ({ by, retryAfterSeconds }: Extract<Decision, { kind: 'refused' }>): TurnError =>
  new TurnError('key_limit', refusalText(by), {
    retryAfterSeconds,
    details: { limit: by.limit, allowed: by.allowed, used: by.used },
  });
