/** When processes are started, and what is done about those that nobody needs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST } from '../../../../src/engines/claude/conversation/costs.ts';
import { isWorthAStart, meanOf, patienceMs, Regret } from '../../../../src/engines/claude/process/child/growth.ts';
import { sweep, wantsSpare } from '../../../../src/engines/claude/process/upkeep.ts';

describe('a process is started for a request that waits', () => {
  const waiting = { waitedMs: 0, typicalTurnMs: 50, busyMs: [20, 30], freeSoon: false };
  it.each([
    ['not where turns are short', waiting, false],
    ['where nothing runs that could serve it', { ...waiting, busyMs: [] }, true],
    ['where nothing is known of turns', { ...waiting, typicalTurnMs: undefined }, true],
    ['where turns take longer than a start', { ...waiting, typicalTurnMs: 5_000 }, true],
    ['where one that runs already takes longer', { ...waiting, busyMs: [20, COST.start] }, true],
    ['not where one is about to be free', { ...waiting, typicalTurnMs: 5_000, freeSoon: true }, false],
    [
      'where it has waited for long, whatever was to be expected',
      { ...waiting, waitedMs: patienceMs, freeSoon: true },
      true,
    ],
  ])('%s', (_, given, expected) => {
    expect(isWorthAStart(given)).toBe(expected);
  });

  it('the mean follows the newest, and never leaves their range', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (turns) => {
        const mean = turns.reduce<number | undefined>(meanOf, undefined) ?? 0;
        expect(mean).toBeGreaterThanOrEqual(Math.min(...turns) - 1e-6);
        expect(mean).toBeLessThanOrEqual(Math.max(...turns) + 1e-6);
      }),
    );
  });
});

describe('conversations that share processes', () => {
  it('are given one more once their return has cost as much as a start', () => {
    const regret = new Regret();
    const messages = Math.ceil(COST.start / COST.append / 3) + 1;
    const back = (head: string): boolean => {
      regret.displaced(head);
      return regret.appended(['start', head], messages);
    };
    expect([back('a'), back('b'), back('c'), back('d')]).toEqual([false, false, true, false]);
  });

  it('cost nothing where they are new', () => {
    const regret = new Regret();
    regret.displaced('a');
    expect(regret.appended(['start', 'other'], 10_000)).toBe(false);
    regret.displaced(undefined);
    expect(regret.appended(['start', 'a'], 10_000)).toBe(true);
    expect(regret.appended(['start', 'a'], 10_000)).toBe(false);
  });
});

const limits = { spares: 1, comfortable: 8, idleFloor: 2, idleTtlMs: 100, suspendTtlMs: 50 };
const process = (id: number, more: object = {}) => ({
  id,
  state: 'idle' as const,
  held: [] as never[],
  turns: 0,
  recyclable: true,
  lastUsed: id,
  ...more,
});
const talk = { held: [{}, {}] as never[], turns: 3 };

describe('a spare is made ready', () => {
  it.each([
    ['where every process holds a conversation', [process(1, talk)], 1, true],
    ['not where one holds nothing', [process(1, talk), process(2)], 2, false],
    ['not where one holds a single turn', [process(1, { ...talk, turns: 1 })], 1, false],
    ['where the one that holds nothing may not be given anything', [process(1, { recyclable: false })], 1, true],
    ['where it is at work', [process(1, { state: 'busy' })], 1, true],
    ['not beyond what is comfortable', [process(1, talk)], 8, false],
  ])('%s', (_, processes, size, expected) => {
    expect(wantsSpare(processes, size, limits)).toBe(expected);
  });
});

describe('what nobody needs', () => {
  const idsOf = (processes: readonly ReturnType<typeof process>[], now: number) =>
    sweep(processes, now, limits).map(({ process: { id }, end }) => [id, end]);

  it('ends after a while, the oldest first, but for two', () => {
    expect(idsOf([process(3), process(1), process(2), process(250)], 260)).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(idsOf([process(1), process(2)], 1_000)).toEqual([]);
  });

  it('ends without exception where it may not be given another conversation', () => {
    expect(idsOf([process(1, { recyclable: false }), process(2)], 1_000)).toEqual([[1, true]]);
  });

  it('is cut where it waits for results that do not come', () => {
    expect(idsOf([process(1, { state: 'suspended' }), process(80, { state: 'suspended' })], 100)).toEqual([[1, false]]);
  });
});
