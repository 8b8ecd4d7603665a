import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fiveHourBlocks, type HourFigures } from '../../src/store/ledger/blocks.ts';
import { noFigures } from '../../src/store/ledger/figures.ts';

const HOUR = 3_600_000;

/** Requests at these times, a dollar and a thousand tokens each, as the database groups them. */
const hoursOf = (times: readonly number[]): readonly HourFigures[] => {
  const hours = new Map<number, HourFigures>();
  for (const at of times.toSorted((a, b) => a - b)) {
    const hour = Math.floor(at / HOUR);
    const known = hours.get(hour) ?? { ...noFigures, hour, firstAt: at, lastAt: at };
    hours.set(hour, {
      ...known,
      lastAt: at,
      requests: known.requests + 1,
      outputTokens: known.outputTokens + 1_000,
      costUsd: known.costUsd + 1,
    });
  }
  return [...hours.values()];
};

/** The rule as ccusage states it, one request after the other. */
const oneByOne = (times: readonly number[]): readonly (readonly [number, number])[] => {
  const blocks: [start: number, count: number, last: number][] = [];
  for (const at of times.toSorted((a, b) => a - b)) {
    const block = blocks.at(-1);
    if (block !== undefined && at - block[0] < 5 * HOUR && at - block[2] < 5 * HOUR) {
      block[1] += 1;
      block[2] = at;
    } else blocks.push([Math.floor(at / HOUR) * HOUR, 1, at]);
  }
  return blocks.map(([start, count]) => [start, count]);
};

describe('fiveHourBlocks', () => {
  it('is what counting one request after the other gives', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40 * HOUR), { maxLength: 60 }), (times) => {
        const blocks = fiveHourBlocks(hoursOf(times), 0);
        expect(blocks.map(({ startsAt, requests }) => [startsAt, requests])).toEqual(oneByOne(times));
        for (const { startsAt, endsAt, firstAt, lastAt } of blocks) {
          expect(endsAt - startsAt).toBe(5 * HOUR);
          expect(startsAt <= firstAt && firstAt <= lastAt && lastAt < endsAt).toBe(true);
        }
      }),
    );
  });

  it('says where the active block leads', () => {
    const start = 100 * HOUR;
    const [block] = fiveHourBlocks(hoursOf([start, start + HOUR]), start + 2 * HOUR);
    expect(block?.active).toBe(true);
    expect(block?.pace?.tokensPerMinute).toBeCloseTo(2_000 / 120, 10);
    expect(block?.pace?.usdPerHour).toBeCloseTo(1, 10);
    expect(block?.pace?.projectedUsd).toBeCloseTo(5, 10);
  });

  it('says nothing of the pace of one that has ended', () => {
    const [block] = fiveHourBlocks(hoursOf([0]), 5 * HOUR);
    expect([block?.active, block?.pace]).toEqual([false, undefined]);
  });
});
