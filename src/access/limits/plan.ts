/** The account's plan, as all servers with one database see it. No report made here delays a request. */
import { TurnError } from '../../turn/errors.ts';
import type { RateLimit } from '../../turn/events.ts';
import type { Family } from '../../models/model.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import type { WindowShare } from './key-limits.ts';
import {
  coolDownFrom,
  currentCoolDown,
  emptyPlan,
  observe,
  openWindows,
  planState,
  spend,
  type PlanState,
} from './plan-state.ts';

export interface Plan {
  /** The upstream's report about the account's windows. */
  observe(limits: readonly RateLimit[]): void;
  /** A turn of this key had this cost, in dollars at list price. */
  spend(key: string, usd: number): void;
  /** The upstream refused a turn because of a limit of the account: every server sends it less for a while. */
  refused(refusal: AccountRefusal): void;
  /** Throws `upstream_rate_limited` while the account is refused anyway. */
  assertOpen(family: Family): Promise<void>;
  /** What the key has used of each open window. */
  sharesOf(key: string): Promise<readonly WindowShare[]>;
  /** Windows and cool-downs, at most a second old. */
  view(): Promise<PlanState>;
  /** Stores what was reported so far, and ends. */
  close(): Promise<void>;
}

export interface AccountRefusal {
  readonly family: Family;
  /** The full window, according to the last report. */
  readonly window?: string;
  readonly retryAfterSeconds: number | undefined;
}

export interface PlanOptions {
  readonly store: Pick<Store, 'sharedValue'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
}

/** A full window can open early (extra usage, a larger plan): one turn is let through to check, once in this time. */
const LONGEST_COOL_DOWN_MS = 60_000;
const DEFAULT_COOL_DOWN_MS = 5_000;
/** How old a view may be. */
const FRESH_MS = 1_000;
/** A view older than this is read again before it is used. */
const STALE_MS = 10_000;
const FLUSH_MS = 1_000;

export const createPlan = (options: PlanOptions): Plan => new SharedPlan(options);

type Change = (state: PlanState) => PlanState;

class SharedPlan implements Plan {
  readonly #options: PlanOptions;
  readonly #value;
  #seen = emptyPlan;
  #seenAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<PlanState> | undefined;
  #changes: Change[] = [];
  #spent = new Map<string, number>();
  #cancelFlush: (() => void) | undefined;
  #flushing = Promise.resolve();

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#value = options.store.sharedValue<PlanState>({
      id: 'plan',
      initial: emptyPlan,
      parse: (stored) => planState.safeParse(stored).data,
    });
  }

  observe(limits: readonly RateLimit[]): void {
    const now = this.#options.clock.now();
    for (const { window, status, utilization, resetsAt } of limits) {
      if (window === undefined || resetsAt === undefined) continue;
      this.#soon((state) => observe(state, { window, status, utilization, resetsAt: resetsAt * 1000 }, now));
    }
  }

  spend(key: string, usd: number): void {
    if (!(usd > 0)) return;
    this.#spent.set(key, (this.#spent.get(key) ?? 0) + usd);
    this.#soon();
  }

  refused({ family, window, retryAfterSeconds }: AccountRefusal): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    const waitMs = retryAfterSeconds === undefined ? DEFAULT_COOL_DOWN_MS : Math.max(1, retryAfterSeconds) * 1000;
    const scope = scopeOf(window, family);
    const coolDown = { until: now + Math.min(waitMs, LONGEST_COOL_DOWN_MS), resetsAt: now + waitMs };
    log.info({ scope, window, seconds: Math.round(waitMs / 1000) }, 'the account is refused; all servers hold back');
    // Takes effect here at once, before it is stored.
    this.#seen = coolDownFrom(this.#seen, scope, coolDown);
    this.#changes.push((state) => coolDownFrom(state, scope, coolDown));
    void this.#flush();
  }

  async assertOpen(family: Family): Promise<void> {
    const now = this.#options.clock.now();
    const coolDown = currentCoolDown(await this.view(), family, now);
    if (coolDown === undefined) return;
    const seconds = Math.max(1, Math.ceil((coolDown.resetsAt - now) / 1000));
    const message =
      `The account has reached a limit of Claude, which opens again in ${seconds} s. This server ` +
      `does not ask before ${new Date(coolDown.until).toISOString()}.`;
    throw new TurnError('upstream_rate_limited', message, { retryAfterSeconds: seconds });
  }

  async sharesOf(key: string): Promise<readonly WindowShare[]> {
    const open = openWindows(await this.view(), this.#options.clock.now());
    return open.map(([window, { shares, resetsAt }]) => ({ window, used: shares[key] ?? 0, resetsAt }));
  }

  async view(): Promise<PlanState> {
    const age = this.#options.clock.elapsed() - this.#seenAt;
    if (age < FRESH_MS) return this.#seen;
    this.#reading ??= this.#read();
    return age < STALE_MS ? this.#seen : await this.#reading;
  }

  async close(): Promise<void> {
    this.#cancelFlush?.();
    await this.#flush();
  }

  async #read(): Promise<PlanState> {
    this.#note(await this.#value.current());
    this.#reading = undefined;
    return this.#seen;
  }

  #note(state: PlanState): void {
    this.#seen = state;
    this.#seenAt = this.#options.clock.elapsed();
  }

  #soon(change?: Change): void {
    if (change !== undefined) this.#changes.push(change);
    this.#cancelFlush ??= this.#options.clock.after(FLUSH_MS, () => void this.#flush());
  }

  #flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    return (this.#flushing = this.#flushing.then(() => this.#store()));
  }

  async #store(): Promise<void> {
    const now = this.#options.clock.now();
    const [changes, spent] = [this.#changes, Object.fromEntries(this.#spent)];
    [this.#changes, this.#spent] = [[], new Map()];
    if (changes.length === 0 && Object.keys(spent).length === 0) return;
    const stored = await this.#value.change((before) => {
      const value = changes.reduce((state, change) => change(state), spend(before, spent, now));
      return { value, result: value };
    });
    this.#note(stored);
  }
}

/** `seven_day_opus` applies to one family; a refusal that names no window may apply to the model alone. */
const scopeOf = (window: string | undefined, family: Family): string => {
  if (window === undefined) return family;
  return FAMILIES.find((each) => window.includes(each)) ?? 'all';
};

const FAMILIES: readonly Family[] = ['opus', 'sonnet', 'haiku', 'fable'];
