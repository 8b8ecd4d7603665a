/**
 * Usage in blocks of five hours, as Claude's plans count it and ccusage shows it: a block begins with the hour of the
 * first request that is in no earlier block, and ends five hours later.
 */
import { addFigures, noFigures, type Figures } from './figures.ts';

export interface HourFigures extends Figures {
  /** Whole hours since the Unix epoch. */
  readonly hour: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface Block extends Figures {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly active: boolean;
  /** For the active block: what is used in a minute so far, and where that leads until the block ends. */
  readonly pace?: { readonly tokensPerMinute: number; readonly usdPerHour: number; readonly projectedUsd: number };
}

const HOUR_MS = 3_600_000;
const BLOCK_HOURS = 5;

/** `hours`: sorted, each once, the ones without requests left out. */
export const fiveHourBlocks = (hours: readonly HourFigures[], now: number): readonly Block[] => {
  const groups: HourFigures[][] = [];
  for (const hour of hours) {
    const open = groups.at(-1);
    const first = open?.[0];
    if (open !== undefined && first !== undefined && hour.hour < first.hour + BLOCK_HOURS) open.push(hour);
    else groups.push([hour]);
  }
  return groups.map((group) => blockOf(group, now));
};

const blockOf = (group: readonly HourFigures[], now: number): Block => {
  const startsAt = (group[0]?.hour ?? 0) * HOUR_MS;
  const endsAt = startsAt + BLOCK_HOURS * HOUR_MS;
  const firstAt = group[0]?.firstAt ?? startsAt;
  const figures = group.reduce<Figures>(addFigures, noFigures);
  const active = now >= startsAt && now < endsAt;
  return {
    ...figures,
    startsAt,
    endsAt,
    firstAt,
    lastAt: group.at(-1)?.lastAt ?? firstAt,
    active,
    ...(active && { pace: paceOf(figures, { firstAt, endsAt, now }) }),
  };
};

const paceOf = (
  { costUsd, inputTokens, outputTokens }: Figures,
  { firstAt, endsAt, now }: { firstAt: number; endsAt: number; now: number },
): NonNullable<Block['pace']> => {
  const minutes = Math.max(1, (now - firstAt) / 60_000);
  const usdPerMinute = costUsd / minutes;
  return {
    tokensPerMinute: (inputTokens + outputTokens) / minutes,
    usdPerHour: usdPerMinute * 60,
    projectedUsd: costUsd + usdPerMinute * ((endsAt - now) / 60_000),
  };
};
