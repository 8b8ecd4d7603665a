/**
 * The state of the account that all keys share: the windows of its plan, how much of each a key has used, and until
 * when the API refuses the account. Pure: `plan.ts` stores it where several servers see it.
 */
import { z } from 'zod';

const planWindow = z.object({
  status: z.enum(['allowed', 'allowed_warning', 'rejected']),
  /** 0 to 1, as last reported. */
  utilization: z.number().optional(),
  /** In milliseconds since the Unix epoch, as all times here. */
  resetsAt: z.number(),
  seenAt: z.number(),
  /** The part of the window that each key has used, 0 to 1. */
  shares: z.record(z.string(), z.number()),
  /** What keys have spent since the last report, in dollars at list price. */
  pending: z.record(z.string(), z.number()),
  /** A rise that was reported before the turn that caused it had ended. */
  unclaimed: z.object({ rise: z.number(), until: z.number() }).optional(),
  /** The utilization over the last hour, for the pace. */
  samples: z.array(z.tuple([z.number(), z.number()])),
});

const coolDown = z.object({ until: z.number(), resetsAt: z.number() });

export const planState = z.object({
  windows: z.record(z.string(), planWindow),
  /** By model family, or `all`. */
  coolDowns: z.record(z.string(), coolDown),
});

export type PlanState = Readonly<z.output<typeof planState>>;
export type PlanWindow = Readonly<z.output<typeof planWindow>>;
export type CoolDown = Readonly<z.output<typeof coolDown>>;

export const emptyPlan: PlanState = { windows: {}, coolDowns: {} };

/** The upstream's report about a window. */
export interface WindowObservation {
  readonly window: string;
  readonly status: PlanWindow['status'];
  readonly utilization: number | undefined;
  readonly resetsAt: number;
}

/** The reported reset of one window varies by a second. */
const SAME_RESET_MS = 60_000;
const CLAIM_MS = 60_000;
const SAMPLE_EVERY_MS = 2 * 60_000;
const SAMPLES_FOR_MS = 60 * 60_000;

/**
 * A rise of the utilization is split among the keys that spent something since the last report, in proportion to what
 * they spent.
 */
export const observe = (state: PlanState, seen: WindowObservation, now: number): PlanState => {
  const known = state.windows[seen.window];
  const window =
    known !== undefined && Math.abs(known.resetsAt - seen.resetsAt) < SAME_RESET_MS ? known : begin(known, seen);
  const utilization = seen.utilization ?? window.utilization;
  const rise = Math.max(0, (utilization ?? 0) - (window.utilization ?? utilization ?? 0));
  const updated: PlanWindow = {
    ...shareOut(window, rise, now),
    status: seen.status,
    resetsAt: seen.resetsAt,
    seenAt: now,
    samples: sampled(window.samples, utilization, now),
    ...(utilization !== undefined && { utilization }),
  };
  return { ...state, windows: { ...state.windows, [seen.window]: updated } };
};

/** Keys have spent this much, in dollars at list price. */
export const spend = (state: PlanState, spent: Readonly<Record<string, number>>, now: number): PlanState => ({
  ...state,
  windows: Object.fromEntries(
    Object.entries(state.windows)
      .filter(([, window]) => window.resetsAt > now - SAMPLES_FOR_MS)
      .map(([name, window]) => [name, claim({ ...window, pending: added(window.pending, spent) }, now)]),
  ),
});

/** The API has refused the account. `scope`: a model family, or `all`. */
export const coolDownFrom = (state: PlanState, scope: string, { until, resetsAt }: CoolDown): PlanState => {
  const known = state.coolDowns[scope];
  const longer = known === undefined || until > known.until ? { until, resetsAt } : known;
  return { ...state, coolDowns: { ...state.coolDowns, [scope]: longer } };
};

export const currentCoolDown = (state: PlanState, family: string, now: number): CoolDown | undefined =>
  [state.coolDowns['all'], state.coolDowns[family]].find((each) => each !== undefined && each.until > now);

/** The open windows, by name. */
export const openWindows = ({ windows }: PlanState, now: number): readonly (readonly [string, PlanWindow])[] =>
  Object.entries(windows).filter(([, { resetsAt }]) => resetsAt > now);

export interface Pace {
  /** How much of the window an hour takes at the current pace. */
  readonly perHour: number;
  /** When the window is full at the current pace; absent where it resets earlier. */
  readonly fullAt?: number;
}

/** The pace of the last hour; undefined where too little of it was seen. */
export const paceOf = ({ samples, utilization, resetsAt }: PlanWindow, now: number): Pace | undefined => {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || utilization === undefined) return undefined;
  const hours = (now - first[0]) / 3_600_000;
  if (last[0] - first[0] < SAMPLE_EVERY_MS) return undefined;
  const perHour = Math.max(0, utilization - first[1]) / hours;
  const fullAt = now + ((1 - utilization) / perHour) * 3_600_000;
  return { perHour, ...(fullAt < resetsAt && { fullAt }) };
};

/** After a window that was watched to its end, all usage of the next one is new; otherwise only further rises are. */
const begin = (before: PlanWindow | undefined, { status, utilization, resetsAt }: WindowObservation): PlanWindow => ({
  status,
  resetsAt,
  seenAt: 0,
  shares: {},
  pending: before?.pending ?? {},
  samples: [],
  ...(before === undefined ? utilization !== undefined && { utilization } : { utilization: 0 }),
});

const shareOut = (window: PlanWindow, rise: number, now: number): PlanWindow => {
  const { unclaimed, ...rest } = window;
  const total = sum(window.pending);
  if (rise === 0) return window;
  if (total === 0) return { ...rest, unclaimed: { rise: rise + stillOpen(unclaimed, now), until: now + CLAIM_MS } };
  const parts = Object.fromEntries(Object.entries(window.pending).map(([key, spent]) => [key, (rise * spent) / total]));
  return { ...rest, shares: added(window.shares, parts), pending: {} };
};

const claim = (window: PlanWindow, now: number): PlanWindow => {
  const { unclaimed, ...rest } = window;
  return unclaimed === undefined ? window : shareOut(rest, stillOpen(unclaimed, now), now);
};

const stillOpen = (unclaimed: PlanWindow['unclaimed'], now: number): number =>
  unclaimed !== undefined && unclaimed.until > now ? unclaimed.rise : 0;

const sampled = (
  samples: PlanWindow['samples'],
  utilization: number | undefined,
  now: number,
): PlanWindow['samples'] => {
  if (utilization === undefined) return samples;
  const recent = samples.filter(([at]) => at > now - SAMPLES_FOR_MS);
  const last = recent.at(-1);
  return last !== undefined && now - last[0] < SAMPLE_EVERY_MS ? recent : [...recent, [now, utilization]];
};

const added = (
  to: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Record<string, number> => {
  const all = new Map(Object.entries(to));
  for (const [key, amount] of Object.entries(more)) if (amount > 0) all.set(key, (all.get(key) ?? 0) + amount);
  return Object.fromEntries(all);
};

const sum = (amounts: Readonly<Record<string, number>>): number =>
  Object.values(amounts).reduce((total, amount) => total + amount, 0);
