/** Days, weeks and months of a time zone, for sums that a database without time zones can make. */

export type Period = 'day' | 'week' | 'month';

/** From `from` on, local time is this far ahead of UTC; the next stretch has another offset. */
export interface Offset {
  readonly from: number;
  readonly offsetMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The offsets that hold between two times, in their order. Throws a `RangeError` for a time zone that does not exist.
 */
export const offsetsBetween = (timeZone: string, from: number, to: number): readonly Offset[] => {
  const offsetAt = offsetsOf(timeZone);
  const offsets: Offset[] = [{ from, offsetMs: offsetAt(from) }];
  for (let at = from; at < to; at += DAY_MS) {
    const next = Math.min(at + DAY_MS, to);
    if (offsetAt(next) !== offsetAt(at)) offsets.push(changeBetween(offsetAt, at, next));
  }
  return offsets;
};

type OffsetAt = (at: number) => number;

const offsetsOf = (timeZone: string): OffsetAt => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    return local - Math.floor(at / 1000) * 1000;
  };
};

/** Clocks change at a whole minute. */
const changeBetween = (offsetAt: OffsetAt, from: number, to: number): Offset => {
  let [before, after] = [Math.floor(from / 60_000), Math.ceil(to / 60_000)];
  const old = offsetAt(from);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 60_000) === old) before = middle;
    else after = middle;
  }
  return { from: after * 60_000, offsetMs: offsetAt(after * 60_000) };
};

/** The period that a local day, counted from 1970-01-01, belongs to: `2026-11-24`, `2026-W48`, `2026-11`. */
export const periodOfDay = (localDay: number, period: Period): string => {
  const date = new Date(localDay * DAY_MS).toISOString();
  if (period === 'day') return date.slice(0, 10);
  return period === 'month' ? date.slice(0, 7) : isoWeek(localDay);
};

/** https://en.wikipedia.org/wiki/ISO_week_date: a week begins on Monday and belongs to the year of its Thursday. */
const isoWeek = (localDay: number): string => {
  const weekday = (localDay + 3) % 7;
  const thursday = new Date((localDay - weekday + 3) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
};
