import { describe, expect, it } from 'vitest';
import { nextUnlessAborted, rejoin, tap } from '../../src/util/iterators.ts';

async function* numbers(ended: () => void = () => undefined): AsyncGenerator<number> {
  try {
    for (let number = 1; number <= 4; number += 1) yield number;
  } finally {
    ended();
  }
}

const all = async (items: AsyncIterable<number>) => {
  const read: number[] = [];
  for await (const item of items) read.push(item);
  return read;
};

describe('tap', () => {
  it('shows what passes, and ends its source with its reader', async () => {
    const seen: number[] = [];
    let ended = false;
    const source = numbers(() => (ended = true));
    for await (const number of tap(source, (item) => void seen.push(item))) if (number === 2) break;
    expect([seen, ended]).toEqual([[1, 2], true]);
  });
});

describe('rejoin', () => {
  it.each([0, 1, 4])('puts what was read before the rest (%i)', async (read) => {
    for (const withPending of [false, true]) {
      const iterator = numbers();
      const first: number[] = [];
      for (let count = 0; count < read; count += 1) first.push((await iterator.next()).value as number);
      expect(await all(rejoin(first, iterator, withPending ? iterator.next() : undefined))).toEqual([1, 2, 3, 4]);
    }
  });

  it('ends its source with its reader', async () => {
    let ended = false;
    const iterator = numbers(() => (ended = true));
    await iterator.next();
    for await (const number of rejoin([1], iterator)) if (number === 2) break;
    expect(ended).toBe(true);
  });
});

describe('the next item unless aborted', () => {
  it('is the item, and then the reason', async () => {
    const stop = new AbortController();
    const next = nextUnlessAborted(numbers(), stop.signal);
    expect(await next()).toEqual({ done: false, value: 1 });
    stop.abort(new Error('enough'));
    await expect(next()).rejects.toThrow('enough');
  });

  it('does not wait for an item that never comes', async () => {
    const stop = new AbortController();
    const next = nextUnlessAborted({ next: () => new Promise<IteratorResult<number>>(() => {}) }, stop.signal);
    const waiting = next();
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
