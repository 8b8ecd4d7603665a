/** Async iterators without generators, for paths that every event takes: a generator costs several promises an item. */

/** `note` sees each item as it passes. */
export const tap = <Item>(items: AsyncIterable<Item>, note: (item: Item) => void): AsyncIterable<Item> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = items[Symbol.asyncIterator]();
    return {
      next: async () => {
        const next = await iterator.next();
        if (next.done !== true) note(next.value);
        return next;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    };
  },
});

/** `first`, then what `pending` brings, then the rest of `iterator`. */
export const rejoin = <Item>(
  first: readonly Item[],
  iterator: AsyncIterator<Item>,
  pending?: Promise<IteratorResult<Item>>,
): AsyncIterable<Item> => {
  const read = [...first];
  let next = pending;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const value = read.shift();
        if (value !== undefined) return Promise.resolve({ done: false, value });
        const waiting = next ?? iterator.next();
        next = undefined;
        return waiting;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
};

/** The next item of `iterator`; rejects with the signal's reason when that aborts first. One listener for all items. */
export const nextUnlessAborted = <Item>(
  iterator: AsyncIterator<Item>,
  signal: AbortSignal,
): (() => Promise<IteratorResult<Item>>) => {
  let interrupt: ((reason: unknown) => void) | undefined;
  signal.addEventListener('abort', () => interrupt?.(signal.reason), { once: true });
  return () =>
    new Promise((resolve, reject) => {
      if (signal.aborted) throw signal.reason;
      interrupt = reject;
      iterator.next().then(resolve, reject);
    });
};
