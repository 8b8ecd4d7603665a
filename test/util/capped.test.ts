import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capped } from '../../src/util/capped.ts';

describe('capped', () => {
  it('leaves what is short as it is', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))),
        (value) => {
          expect(capped(value)).toEqual({ ...value });
        },
      ),
    );
  });

  it('cuts long texts, names too, and says how long they were', () => {
    expect(capped('x'.repeat(5_000_000))).toBe(`${'x'.repeat(1_000)}… (5000000 characters)`);
    expect(Object.keys(capped({ ['x'.repeat(2_000)]: 1 }) as object)).toEqual([
      `${'x'.repeat(1_000)}… (2000 characters)`,
    ]);
  });

  it('keeps the beginning of what is large or deep', () => {
    expect(capped(Array.from({ length: 100_000 }, (_, index) => index))).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    );
    expect(capped({ a: { b: { c: { d: { e: 1 } } } } })).toEqual({ a: { b: { c: { d: '[deeper]' } } } });
  });

  it('bounds anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(capped({ value })).length).toBeLessThan(8_000_000);
      }),
    );
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    expect(JSON.stringify(capped(loop))).toContain('[deeper]');
  });
});
