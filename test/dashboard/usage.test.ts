/** The days of a page and the sums of its charts: pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, milliseconds } from '../../src/dashboard/figures.ts';
import { periodFor, periodsOf, rangeOf } from '../../src/dashboard/range.ts';
import { cacheShareOf, OTHERS, sum, tokensOf, usageTable } from '../../src/dashboard/usage-table.ts';
import { noFigures } from '../../src/store/ledger/figures.ts';
import type { Total } from '../../src/store/ledger/reports.ts';

const NOON = Date.parse('2026-11-24T12:00:00Z');

describe('the range', () => {
  it.each([
    [{}, '2026-10-26', '2026-11-24', '2026-10-26T00:00:00Z', '2026-11-25T00:00:00Z'],
    [{ days: '1' }, '2026-11-24', '2026-11-24', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'],
    [
      { days: '1', timeZone: 'Pacific/Auckland' },
      '2026-11-25',
      '2026-11-25',
      '2026-11-24T11:00:00Z',
      '2026-11-25T11:00:00Z',
    ],
    // The clocks of Berlin change on the 25th of October: this day has 25 hours.
    [
      { from: '2026-10-25', to: '2026-10-25', timeZone: 'Europe/Berlin' },
      '2026-10-25',
      '2026-10-25',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [{ days: 'many' }, '2026-10-26', '2026-11-24', '2026-10-26T00:00:00Z', '2026-11-25T00:00:00Z'],
  ])('of %j', (fields, first, last, from, to) => {
    const range = rangeOf(fields, NOON, 30);
    expect([range.first, range.last]).toEqual([first, last]);
    expect([new Date(range.from), new Date(range.to)]).toEqual([new Date(from), new Date(to)]);
  });

  it.each([
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-13-41' }, 'from'],
    [{ from: '2026-11-24', to: '2026-11-23' }, 'from'],
    [{ from: '1970-01-01' }, 'from'],
    [{ timeZone: '<script>' }, 'timeZone'],
  ])('%j is refused, with the field at fault', (fields, param) => {
    expect(() => rangeOf(fields, NOON, 30)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });

  it('has columns that can be told apart, and none is missing', () => {
    const range = (days: number) => rangeOf({ days: String(days) }, NOON, 30);
    expect([1, 92, 93, 400, 401].map((days) => periodFor(range(days)))).toEqual([
      'day',
      'day',
      'week',
      'week',
      'month',
    ]);
    expect(periodsOf(range(3), 'day')).toEqual(['2026-11-22', '2026-11-23', '2026-11-24']);
    expect(periodsOf(range(60), 'month')).toEqual(['2026-09', '2026-10', '2026-11']);
  });
});

const total = (period: string, model: string | null, outputTokens: number): Total => ({
  ...noFigures,
  period,
  model,
  outputTokens,
  requests: 1,
});

describe('the table of a chart', () => {
  it('has the names with the most, and the rest as one', () => {
    const totals = [
      total('d1', 'small', 1),
      total('d1', 'large', 9),
      total('d2', 'large', 1),
      total('d2', null, 5),
      total('d2', 'idle', 0),
    ];
    const shape = { by: 'model', periods: ['d0', 'd1', 'd2'], measure: tokensOf } as const;
    const all = usageTable(totals, { ...shape, mostColumns: 6 });
    expect(all.columns).toEqual(['large', 'none', 'small']);
    expect(all.rows.map(({ period, cells }) => [period, ...cells.map(tokensOf)])).toEqual([
      ['d0', 0, 0, 0],
      ['d1', 9, 0, 1],
      ['d2', 1, 5, 0],
    ]);
    expect(usageTable(totals, { ...shape, mostColumns: 2 }).columns).toEqual(['large', OTHERS]);
  });

  it('loses no token, whatever is asked', () => {
    const totals = fc.array(
      fc
        .tuple(fc.constantFrom('d1', 'd2'), fc.option(fc.string()), fc.nat(1_000))
        .map(([period, model, tokens]) => total(period, model, tokens)),
    );
    fc.assert(
      fc.property(totals, fc.integer({ min: 1, max: 6 }), (rows, mostColumns) => {
        const shape = { by: 'model', periods: ['d1', 'd2'], measure: tokensOf, mostColumns } as const;
        const table = usageTable(rows, shape);
        const shown = table.rows.flatMap(({ cells }) => cells.map(tokensOf)).reduce((a, b) => a + b, 0);
        expect(table.columns.length).toBeLessThanOrEqual(mostColumns);
        expect(shown).toBe(tokensOf(sum(rows)));
      }),
    );
  });
});

it('a price that nobody knows is unknown, never nothing', () => {
  expect(costOf({ costUsd: 0, unpriced: 0 })).toBe('$0.00');
  expect(costOf({ costUsd: 0, unpriced: 2 })).toBe('unknown');
  expect(costOf({ costUsd: 1.5, unpriced: 2 })).toBe('$1.50 + 2 unknown');
  expect(cacheShareOf(noFigures)).toBeUndefined();
  expect(cacheShareOf({ ...noFigures, inputTokens: 1, cacheReadTokens: 3 })).toBe(0.75);
  expect([5, 1_234, 83_000].map(milliseconds)).toEqual(['5 ms', '1.2 s', '83 s']);
});
