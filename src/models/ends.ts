/**
 * Retired models: since the day that Anthropic announced, or since the API answered that it does not have the model.
 */
import type { Clock } from '../util/clock.ts';
import { endOf } from './catalog.ts';

const DAY_MS = 86_400_000;
/** A gateway may lose a model for a moment: it is asked again after this. */
const NOT_FOUND_MS = DAY_MS;
/** How many days before its end a model is reported. */
const NOTICE_DAYS = 30;

export class EndedModels {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  readonly #foundAgainAt = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#clock = clock;
  }

  has(id: string): boolean {
    if (this.#clock.elapsed() < (this.#foundAgainAt.get(id) ?? Number.NEGATIVE_INFINITY)) return true;
    const end = endOf(id);
    return end !== undefined && this.#clock.now() >= Date.parse(end);
  }

  /**
   * The API has just answered that it does not have this model. Only for ids of tables: callers' names would
   * accumulate.
   */
  notFound(id: string): void {
    this.#foundAgainAt.set(id, this.#clock.elapsed() + NOT_FOUND_MS);
  }
}

/** The day of the end, where it is past or near enough to report. */
export const nearEnd = (
  id: string,
  nowMs: number,
  days = NOTICE_DAYS,
): { readonly day: string; readonly past: boolean } | undefined => {
  const day = endOf(id);
  if (day === undefined || nowMs < Date.parse(day) - days * DAY_MS) return undefined;
  return { day, past: nowMs >= Date.parse(day) };
};
