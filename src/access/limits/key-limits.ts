/** The limits that a key can have, and whether a request is within them. */
import { z } from 'zod';
import { atTime, minuteHasRoom, nextDay, nextMonth, requestsInMinute, type LimitState } from './limit-state.ts';

const count = z.int().positive();
const dollars = z.number().positive();
const share = z.number().positive().max(1);

export const keyLimits = z.strictObject({
  requestsPerMinute: count.optional(),
  turnsAtOnce: count.optional(),
  /**
   * Tokens that were generated, read for the first time, or written to the cache; tokens read from the cache do not
   * count.
   */
  tokensPerDay: count.optional(),
  tokensPerMonth: count.optional(),
  /** At list price, even where a plan pays. */
  usdPerDay: dollars.optional(),
  usdPerMonth: dollars.optional(),
  /** By the window's name: `{"five_hour": 0.3}` is at most 30 % of the five hours. */
  planShare: z.record(z.string().regex(/^[a-z0-9_]{1,50}$/u), share).optional(),
});

export type KeyLimits = Readonly<z.output<typeof keyLimits>>;

/** The part of the plan's windows that a key has used. */
export interface WindowShare {
  readonly window: string;
  /** 0 to 1. */
  readonly used: number;
  /** When the window resets, in milliseconds since the Unix epoch. */
  readonly resetsAt: number;
}

export interface LimitContext {
  readonly now: number;
  readonly shares: readonly WindowShare[];
}

export type LimitName = Exclude<keyof KeyLimits, 'planShare'> | `planShare.${string}`;

/** One limit, and how much of it is left. */
export interface Headroom {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly used: number;
  /** When there is room again, or the count resets. */
  readonly resetsAt: number;
}

export type Decision =
  | { readonly kind: 'allowed' }
  /** Of several exceeded limits, the one that lasts longest: asking again before it ends is useless. */
  | { readonly kind: 'refused'; readonly by: Headroom; readonly retryAfterSeconds: number };

/** Whether one more request may run. */
export const decide = (limits: KeyLimits, state: LimitState, context: LimitContext): Decision => {
  const reached = headroom(limits, state, context).filter(({ used, allowed }) => used >= allowed);
  const longest = reached.toSorted((a, b) => b.resetsAt - a.resetsAt)[0];
  if (longest === undefined) return { kind: 'allowed' };
  const seconds = Math.max(1, Math.ceil((longest.resetsAt - context.now) / 1000));
  return { kind: 'refused', by: longest, retryAfterSeconds: seconds };
};

/** Every limit that is set, for headers and pages. */
export const headroom = (limits: KeyLimits, state: LimitState, context: LimitContext): readonly Headroom[] => {
  const { now, shares } = context;
  const current = atTime(state, now);
  const minute = limits.requestsPerMinute;
  const all: readonly (Omit<Headroom, 'allowed'> & { readonly allowed: number | undefined })[] = [
    {
      limit: 'requestsPerMinute',
      allowed: minute,
      used: requestsInMinute(current),
      resetsAt: minute === undefined ? now : minuteHasRoom(current, { count: minute, now }),
    },
    // No one knows when a turn ends.
    { limit: 'turnsAtOnce', allowed: limits.turnsAtOnce, used: current.running.length, resetsAt: now + TURN_GUESS_MS },
    { limit: 'tokensPerDay', allowed: limits.tokensPerDay, used: current.day.tokens, resetsAt: nextDay(now) },
    { limit: 'tokensPerMonth', allowed: limits.tokensPerMonth, used: current.month.tokens, resetsAt: nextMonth(now) },
    { limit: 'usdPerDay', allowed: limits.usdPerDay, used: current.day.usd, resetsAt: nextDay(now) },
    { limit: 'usdPerMonth', allowed: limits.usdPerMonth, used: current.month.usd, resetsAt: nextMonth(now) },
    ...shares.map(({ window, used, resetsAt }) => ({
      limit: `planShare.${window}` as const,
      allowed: limits.planShare?.[window],
      used,
      resetsAt,
    })),
  ];
  return all.filter((each): each is Headroom => each.allowed !== undefined);
};

const TURN_GUESS_MS = 5_000;

/** The message for the caller. */
export const refusalText = ({ limit, allowed, used }: Headroom): string => {
  const share = /^planShare\.(.+)$/u.exec(limit)?.[1];
  if (share !== undefined) {
    return (
      `This key has used ${percent(used)} of the plan's ${share} window and may use ${percent(allowed)} ` +
      `(${limit}).`
    );
  }
  return `${TEXTS[limit as keyof typeof TEXTS](allowed)} (${limit}).`;
};

const TEXTS = {
  requestsPerMinute: (allowed: number) => `This key may send ${allowed} requests a minute`,
  turnsAtOnce: (allowed: number) => `This key may run ${allowed} turns at once`,
  tokensPerDay: (allowed: number) => `This key has used its ${allowed} tokens of the day, which ends at 00:00 UTC`,
  tokensPerMonth: (allowed: number) => `This key has used its ${allowed} tokens of the month`,
  usdPerDay: (allowed: number) => `This key has used its $${allowed} of the day, which ends at 00:00 UTC`,
  usdPerMonth: (allowed: number) => `This key has used its $${allowed} of the month`,
};

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
