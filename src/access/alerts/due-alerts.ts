/**
 * Which limits are nearly used up, and which of them nobody has been told of yet. Pure: the state is kept where all
 * servers with one database see it, so that each alert is sent by one of them, and once.
 */
import { z } from 'zod';

/** How much of a limit is used now. */
export interface Measure {
  readonly kind: 'plan_window' | 'key_budget' | 'key_share';
  /** `five_hour`; of a key `usdPerDay`, `planShare.five_hour`. */
  readonly limit: string;
  /** The key whose limit it is. */
  readonly key?: { readonly id: string; readonly name: string };
  readonly used: number;
  readonly allowed: number;
  /** When it begins anew, in milliseconds since the Unix epoch. */
  readonly resetsAt: number;
  /** When it is full at the pace of the last hour, where it does not begin anew before that. */
  readonly fullAt?: number;
}

export interface Alert extends Measure {
  /** Where it is told of: 0.8 or 0.95 of what is allowed. */
  readonly threshold: number;
  /** False where it was claimed before, by a server that did not get it sent. */
  readonly first: boolean;
}

const told = z.object({
  threshold: z.number(),
  allowed: z.number(),
  resetsAt: z.number(),
  /** Until when a server is about to send it; absent once it is sent. */
  sendingUntil: z.number().optional(),
});

export const alertState = z.record(z.string(), told);

export type AlertState = Readonly<z.output<typeof alertState>>;
type Told = Readonly<z.output<typeof told>>;

const THRESHOLDS = [0.95, 0.8] as const;

/** The end of one window is told with a second more or less. */
const SAME_RESET_MS = 5 * 60_000;
const FORGET_MS = 24 * 3_600_000;

const alertId = ({ key, limit }: Pick<Measure, 'key' | 'limit'>): string => `${key?.id ?? ''}:${limit}`;

export interface Claim {
  readonly now: number;
  /** Undefined where a log line is all there is to send. */
  readonly sendingUntil: number | undefined;
}

/** Takes every alert that is due and that no server is about to send. */
export const claimAlerts = (
  before: AlertState,
  measures: readonly Measure[],
  { now, sendingUntil }: Claim,
): { readonly state: AlertState; readonly due: readonly Alert[] } => {
  const due = measures.flatMap((measure) => dueAlert(before[alertId(measure)], measure, now) ?? []);
  if (due.length === 0) return { state: before, due };
  const kept = Object.entries(before).filter(([, { resetsAt }]) => resetsAt > now - FORGET_MS);
  const claimed = due.map(({ threshold, allowed, resetsAt, ...rest }): [string, Told] => [
    alertId(rest),
    { threshold, allowed, resetsAt, ...(sendingUntil !== undefined && { sendingUntil }) },
  ]);
  return { state: Object.fromEntries([...kept, ...claimed]), due };
};

/** It is sent, or will be tried again until then; nothing changes where it was claimed anew meanwhile. */
export const noteAttempt = (
  before: AlertState,
  alert: Pick<Alert, 'key' | 'limit' | 'threshold' | 'resetsAt'>,
  sendingUntil: number | undefined,
): AlertState => {
  const known = before[alertId(alert)];
  if (known === undefined || known.threshold !== alert.threshold || known.resetsAt !== alert.resetsAt) return before;
  const { sendingUntil: _, ...rest } = known;
  return { ...before, [alertId(alert)]: { ...rest, ...(sendingUntil !== undefined && { sendingUntil }) } };
};

const dueAlert = (known: Told | undefined, measure: Measure, now: number): Alert | undefined => {
  const { used, allowed, resetsAt } = measure;
  const threshold = THRESHOLDS.find((each) => used >= each * allowed);
  // A limit that was changed is another one.
  const before = known?.allowed === allowed && Math.abs(known.resetsAt - resetsAt) < SAME_RESET_MS ? known : undefined;
  if (threshold === undefined || resetsAt <= now) return undefined;
  if (before === undefined || before.threshold < threshold) return { ...measure, threshold, first: true };
  const abandoned = before.sendingUntil !== undefined && before.sendingUntil <= now;
  return abandoned ? { ...measure, threshold: before.threshold, first: false } : undefined;
};
