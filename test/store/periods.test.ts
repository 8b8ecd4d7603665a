import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetsBetween, periodOfDay } from '../../src/store/ledger/periods.ts';

const at = (time: string): number => Date.parse(time);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('offsetsBetween', () => {
  it.each<[string, string, string, readonly (readonly [string, number])[]]>([
    ['UTC', '2026-01-01T00:00Z', '2026-12-31T00:00Z', [['2026-01-01T00:00:00.000Z', 0]]],
    ['Asia/Kolkata', '2026-01-01T00:00Z', '2026-12-31T00:00Z', [['2026-01-01T00:00:00.000Z', 5.5]]],
    [
      'Europe/Berlin',
      '2026-01-01T00:00Z',
      '2026-12-31T00:00Z',
      [
        ['2026-01-01T00:00:00.000Z', 1],
        ['2026-03-29T01:00:00.000Z', 2],
        ['2026-10-25T01:00:00.000Z', 1],
      ],
    ],
    [
      'Australia/Lord_Howe',
      '2026-04-01T00:00Z',
      '2026-04-10T00:00Z',
      [
        ['2026-04-01T00:00:00.000Z', 11],
        ['2026-04-04T15:00:00.000Z', 10.5],
      ],
    ],
    ['Europe/Berlin', '2026-05-01T00:00Z', '2026-05-01T00:00Z', [['2026-05-01T00:00:00.000Z', 2]]],
  ])('%s from %s to %s', (zone, from, to, offsets) => {
    const found = offsetsBetween(zone, at(from), at(to));
    expect(found.map(({ from: start, offsetMs }) => [new Date(start).toISOString(), offsetMs / HOUR])).toEqual(offsets);
  });

  it('throws for a time zone that does not exist', () => {
    expect(() => offsetsBetween('Mars/Olympus', 0, 1)).toThrow(RangeError);
  });

  it('gives the day that a calendar of the zone gives', () => {
    const zones = fc.constantFrom(
      'America/New_York',
      'Europe/London',
      'Asia/Kathmandu',
      'Pacific/Chatham',
      'America/Sao_Paulo',
    );
    const from = at('2025-06-01T00:00Z');
    fc.assert(
      fc.property(zones, fc.nat(600 * DAY), (zone, after) => {
        const time = from + after;
        const offset = offsetsBetween(zone, from, from + 600 * DAY).findLast(({ from: start }) => start <= time);
        const day = Math.floor((time + (offset?.offsetMs ?? Number.NaN)) / DAY);
        // The Swedish form of a date is the ISO one.
        expect(periodOfDay(day, 'day')).toBe(new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(time));
      }),
      { numRuns: 60 },
    );
  });
});

describe('periodOfDay', () => {
  it.each([
    ['2026-11-24', '2026-W48', '2026-11'],
    ['2026-11-22', '2026-W47', '2026-11'],
    ['2026-11-23', '2026-W48', '2026-11'],
    ['2027-01-01', '2026-W53', '2027-01'],
    ['2027-01-04', '2027-W01', '2027-01'],
    ['2024-12-30', '2025-W01', '2024-12'],
    ['1970-01-01', '1970-W01', '1970-01'],
  ])('%s is in %s and %s', (day, week, month) => {
    const number = at(`${day}T00:00Z`) / DAY;
    expect([periodOfDay(number, 'day'), periodOfDay(number, 'week'), periodOfDay(number, 'month')]).toEqual([
      day,
      week,
      month,
    ]);
  });
});
