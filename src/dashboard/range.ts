/** The days that a page is about, in the reader's time zone, from the fields of its form. */
import { offsetsBetween, periodOfDay, type Period } from '../store/ledger/periods.ts';
import { TurnError } from '../turn/errors.ts';

export interface DayRange {
  /** The first and the last day, `2026-11-24`. */
  readonly first: string;
  readonly last: string;
  readonly timeZone: string;
  /** When the first day begins, and when the last one has ended, in milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
}

export interface RangeFields {
  readonly days?: string;
  readonly from?: string;
  readonly to?: string;
  readonly timeZone?: string;
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 3_660;

/** Throws `invalid_request` for a day or a time zone that does not exist. */
export const rangeOf = (fields: RangeFields, now: number, usualDays: number): DayRange => {
  const timeZone = fields.timeZone ?? 'UTC';
  const offsetAt = (at: number): number => offsetsIn(timeZone, at);
  const today = Math.floor((now + offsetAt(now)) / DAY_MS);
  const last = fields.to === undefined ? today : dayOf(fields.to, 'to');
  const days = Math.min(MOST_DAYS, Math.max(1, Number(fields.days ?? usualDays) || usualDays));
  const first = fields.from === undefined ? last - days + 1 : dayOf(fields.from, 'from');
  if (first > last) throw new TurnError('invalid_request', 'The first day is after the last one.', { param: 'from' });
  if (last - first >= MOST_DAYS) throw new TurnError('invalid_request', 'These are too many days.', { param: 'from' });
  const begins = (day: number): number => day * DAY_MS - offsetAt(day * DAY_MS - offsetAt(day * DAY_MS));
  return { first: nameOf(first), last: nameOf(last), timeZone, from: begins(first), to: begins(last + 1) };
};

/** A chart has as many columns as can be told apart. */
export const periodFor = ({ first, last }: Pick<DayRange, 'first' | 'last'>): Period => {
  const days = numberOf(last) - numberOf(first) + 1;
  if (days <= 92) return 'day';
  return days <= 400 ? 'week' : 'month';
};

/** Every period of the range, also those in which nothing was asked. */
export const periodsOf = ({ first, last }: Pick<DayRange, 'first' | 'last'>, period: Period): readonly string[] => {
  const days = Array.from({ length: numberOf(last) - numberOf(first) + 1 }, (_, index) => numberOf(first) + index);
  return [...new Set(days.map((day) => periodOfDay(day, period)))];
};

const offsetsIn = (timeZone: string, at: number): number => {
  try {
    return offsetsBetween(timeZone, at, at)[0]?.offsetMs ?? 0;
  } catch (cause) {
    const message = `There is no time zone \`${timeZone.slice(0, 100)}\`.`;
    throw new TurnError('invalid_request', message, { param: 'timeZone', cause });
  }
};

const dayOf = (text: string, param: string): number => {
  const day = /^\d{4}-\d{2}-\d{2}$/u.test(text) ? numberOf(text) : Number.NaN;
  if (Number.isNaN(day))
    throw new TurnError('invalid_request', `${param} must be a day such as 2026-01-31.`, { param });
  return day;
};

/** Days since 1970-01-01. */
const numberOf = (day: string): number => Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);

const nameOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
