/** What a key has used: the state that servers share, and the pure functions that change it. */
import { z } from 'zod';

const spent = z.object({
  /** When the day or month began, in UTC. */
  since: z.number(),
  tokens: z.number(),
  usd: z.number(),
});

export const limitState = z.object({
  /** Admitted requests by second, for the last minute. */
  admitted: z.array(z.tuple([z.number(), z.number()])),
  /** Running turns. A server renews its own regularly; those of a killed server expire. */
  running: z.array(z.object({ id: z.string(), until: z.number() })),
  day: spent,
  month: spent,
});

export type LimitState = Readonly<z.output<typeof limitState>>;
type Spent = Readonly<z.output<typeof spent>>;

const nothing: Spent = { since: 0, tokens: 0, usd: 0 };

export const unused: LimitState = { admitted: [], running: [], day: nothing, month: nothing };

export interface Usage {
  readonly tokens: number;
  readonly usd: number;
}

/** How long a running turn counts after its server last renewed it. A server renews three times in this time. */
export const VOUCH_MS = 90_000;

const MINUTE_MS = 60_000;

/** The current state, without expired counts. */
export const atTime = (state: LimitState, now: number): LimitState => ({
  admitted: state.admitted.filter(([second]) => endOf(second) > now),
  running: state.running.filter(({ until }) => until > now),
  day: notBefore(state.day, startOfDay(now)),
  month: notBefore(state.month, startOfMonth(now)),
});

/** Admits a turn. */
export const admit = (state: LimitState, { id, now }: { id: string; now: number }): LimitState => {
  const current = atTime(state, now);
  const second = Math.floor(now / 1000);
  const others = current.admitted.filter(([at]) => at !== second);
  const before = current.admitted.find(([at]) => at === second)?.[1] ?? 0;
  return {
    ...current,
    admitted: [...others, [second, before + 1]],
    running: [...current.running.filter((turn) => turn.id !== id), { id, until: now + VOUCH_MS }],
  };
};

/** The server reports that these turns still run. */
export const vouch = (state: LimitState, { ids, now }: { ids: readonly string[]; now: number }): LimitState => {
  const current = atTime(state, now);
  const others = current.running.filter(({ id }) => !ids.includes(id));
  return { ...current, running: [...others, ...ids.map((id) => ({ id, until: now + VOUCH_MS }))] };
};

/** A turn has ended with this usage. */
export const settle = (state: LimitState, { id, now, used }: { id: string; now: number; used: Usage }): LimitState => {
  const current = atTime(state, now);
  return {
    ...current,
    running: current.running.filter((turn) => turn.id !== id),
    day: add(current.day, used),
    month: add(current.month, used),
  };
};

export const requestsInMinute = ({ admitted }: LimitState): number =>
  admitted.reduce((sum, [, count]) => sum + count, 0);

/** When fewer than `count` requests of the last minute are left; `now` where that is so already. */
export const minuteHasRoom = (state: LimitState, { count, now }: { count: number; now: number }): number => {
  let left = requestsInMinute(state);
  let at = now;
  for (const [second, requests] of state.admitted.toSorted(([a], [b]) => a - b)) {
    if (left < count) break;
    left -= requests;
    at = endOf(second);
  }
  return at;
};

export const nextDay = (now: number): number => startOfDay(now) + 24 * 60 * MINUTE_MS;

export const nextMonth = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
};

/** A request counts for a whole minute after the second in which it came, so that no minute has more than the limit. */
const endOf = (second: number): number => (second + 1) * 1000 + MINUTE_MS;

const startOfDay = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
};

const startOfMonth = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
};

// A server whose clock is behind must not bring back an old day.
const notBefore = (counted: Spent, since: number): Spent => (counted.since >= since ? counted : { ...nothing, since });

const add = (counted: Spent, used: Usage): Spent => ({
  since: counted.since,
  tokens: counted.tokens + used.tokens,
  usd: counted.usd + used.usd,
});
