/** Models through the day of their end: the clock is turned by hand. */
import { describe, expect, test } from 'vitest';
import { CATALOG, endOf, SONNET_4_5 } from '../../src/models/catalog.ts';
import { EndedModels, nearEnd } from '../../src/models/ends.ts';
import { createModels } from '../../src/node/models.ts';
import type { Clock } from '../../src/util/clock.ts';

const DAY = 86_400_000;
const END = Date.parse('2026-11-30');

const clockAt = (at: number) => {
  const time = { now: at, elapsed: 0 };
  const clock: Clock = { now: () => time.now, elapsed: () => time.elapsed, after: () => () => undefined };
  return { clock, time };
};

describe('an end', () => {
  test('is known of Sonnet 4.5, under both of its names', () => {
    expect([endOf(SONNET_4_5), endOf('claude-sonnet-4-5'), endOf('claude-sonnet-5-5'), endOf('gpt-4o')]).toEqual([
      '2026-11-30',
      '2026-11-30',
      undefined,
      undefined,
    ]);
  });

  test('is a day, announced or not before another; never both', () => {
    for (const { createdAt, ends, endsNotBefore } of CATALOG) {
      expect(ends === undefined || endsNotBefore === undefined).toBe(true);
      const day = ends ?? endsNotBefore;
      if (day === undefined) continue;
      expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/u);
      expect(Date.parse(day)).toBeGreaterThan(Date.parse(createdAt));
    }
  });

  test.each([
    [END - 30 * DAY - 1, undefined],
    [END - 30 * DAY, { day: '2026-11-30', past: false }],
    [END - 1, { day: '2026-11-30', past: false }],
    [END, { day: '2026-11-30', past: true }],
  ])('is told of from thirty days before: %d', (at, expected) => {
    expect(nearEnd(SONNET_4_5, at)).toEqual(expected);
    expect(new EndedModels(clockAt(at).clock).has(SONNET_4_5)).toBe(expected?.past === true);
  });

  test('a model that was not found is tried again after a day', () => {
    const { clock, time } = clockAt(0);
    const ended = new EndedModels(clock);
    ended.notFound('claude-opus-5-5');
    time.elapsed = DAY - 1;
    expect([ended.has('claude-opus-5-5'), ended.has('claude-opus-5')]).toEqual([true, false]);
    time.elapsed = DAY;
    expect(ended.has('claude-opus-5-5')).toBe(false);
  });
});

describe('a server', () => {
  const serverAt = (at: number, settings: Partial<Parameters<typeof createModels>[0]> = {}) => {
    const { clock, time } = clockAt(at);
    const warnings: string[] = [];
    const nothing = (): void => undefined;
    const log = {
      debug: nothing,
      info: nothing,
      error: nothing,
      warn: (_: object, message: string) => void warnings.push(message),
    };
    const engine = {
      models: () => Promise.resolve([{ id: 'claude-sonnet-6', displayName: 'Sonnet', aliases: ['sonnet'] }]),
    };
    const models = createModels({ MODEL_MAP: {}, MODEL_UNKNOWN: 'default', MODEL_TRACK: 'auto', ...settings }, engine, {
      log,
      clock,
    });
    return { models, warnings, time };
  };

  test('goes to the successor on the day itself, and warns once of either', async () => {
    const { models, warnings, time } = serverAt(END - DAY);
    await models.modelsKnown();
    expect(models.resolveModel('gpt-4o').id).toBe(SONNET_4_5);
    expect(warnings).toEqual([expect.stringMatching(/claude-sonnet-4-5-20250929: it ends on 2026-11-30/u)]);
    time.now = END;
    await models.modelsKnown();
    await models.modelsKnown();
    expect(models.resolveModel('gpt-4o')).toMatchObject({ id: 'claude-sonnet-6', via: 'alias' });
    expect(models.resolveModel(SONNET_4_5)).toMatchObject({ id: SONNET_4_5, via: 'exact' });
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/has ended on 2026-11-30 and the newest model of its family answers/u);
    const listed = await models.listModels();
    expect(listed.find(({ id }) => id === 'gpt-4o')?.resolvesTo).toBe('claude-sonnet-6');
    expect(listed.some(({ id }) => id === SONNET_4_5)).toBe(false);
  });

  test.each([
    ['long before', END - 31 * DAY, {}, []],
    ['pinned', END, { MODEL_TRACK: 'pinned' as const }, [/requests for it fail/u]],
    ['latest', END, { MODEL_TRACK: 'latest' as const }, []],
    [
      'an own mapping',
      END - DAY,
      { MODEL_TRACK: 'latest' as const, MODEL_MAP: { mine: 'claude-sonnet-4-5' } },
      [/MODEL_MAP names claude-sonnet-4-5: it ends on 2026-11-30; from that day on requests for it fail/u],
    ],
  ])('warns at start: %s', (_, at, settings, expected) => {
    const { warnings } = serverAt(at, settings);
    expect(warnings).toEqual(expected.map((words) => expect.stringMatching(words) as string));
  });
});
