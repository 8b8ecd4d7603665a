import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ValueCount } from '../../src/http/request/count-values.ts';
import { setUpApp } from './set-up.ts';

const countedIn = (text: string, cut: number): number => {
  const count = new ValueCount();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += cut) count.add(bytes.subarray(at, at + cut));
  return count.values;
};

/** Values that have others, and the commas between those. */
const valuesOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  return 1 + Math.max(0, inside.length - 1) + inside.reduce<number>((sum, each) => sum + valuesOf(each), 0);
};

it('counts the values of any JSON, wherever its chunks end', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 20 }), fc.boolean(), (value, cut, pretty) => {
      const text = JSON.stringify(value, null, pretty ? 2 : 0);
      expect(countedIn(text, cut)).toBe(valuesOf(JSON.parse(text)));
    }),
  );
});

it('a body of too many values is refused before anybody parses it; one of much text is read', async () => {
  const { ask } = await setUpApp({ settings: { maxBodyBytes: 10_000_000 } });
  const many = await ask('/v1/chat/completions', `{"model":"m","messages":[${'{},'.repeat(600_000)}{}]}`);
  expect([many.status, await many.text()]).toEqual([400, expect.stringContaining('more than 500,000 values')]);
  const text = '{},'.repeat(600_000);
  const long = await ask('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: text }] });
  expect(long.status).toBe(200);
});
