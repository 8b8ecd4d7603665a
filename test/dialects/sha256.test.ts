import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/dialects/sha256.ts';

test('the hash is the one of every other implementation', () => {
  const lengths = Array.from({ length: 200 }, (_, length) => 'a'.repeat(length));
  for (const text of lengths) expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      (text) => sha256(text) === createHash('sha256').update(text).digest('hex'),
    ),
  );
});
