/** A timer that is given more than 2^31 milliseconds fires at once: no setting may ask for that. */
import { describe, expect, it } from 'vitest';
import { parseSettings, type SettingsTable } from '../../src/settings/parse-settings.ts';
import { serverSettings } from '../../src/settings/server-settings.ts';
import { workerSettings } from '../../src/settings/worker-settings.ts';

const UNITS: Readonly<Record<string, number>> = { _MS: 1, _S: 1_000, _TTL: 1_000 };
const unitOf = (name: string): number | undefined =>
  Object.entries(UNITS).find(([suffix]) => name.endsWith(suffix))?.[1];

describe.each<[string, SettingsTable]>([
  ['server', serverSettings],
  ['worker', workerSettings],
])('durations of the %s', (_name, table) => {
  const durations = Object.keys(table).flatMap((name) => {
    const unit = unitOf(name);
    return unit === undefined ? [] : [[name, unit] as const];
  });

  it('are there', () => expect(durations.length).toBeGreaterThan(3));

  it.each(durations)('%s fits a timer', (name, unit) => {
    const most = Math.floor((2 ** 31 - 1) / unit);
    expect(parseSettings(table, { [name]: String(most) }).problems).toEqual([]);
    expect(parseSettings(table, { [name]: String(most + 1) }).problems).toEqual([`${name} must be at most ${most}.`]);
  });
});
