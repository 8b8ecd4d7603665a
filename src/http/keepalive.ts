/** Signs of life: idle connections are cut by proxies in between, often after 60 seconds. */
import type { Clock } from '../util/clock.ts';
import type { SseFrame } from '../dialects/dialect.ts';

export interface KeepaliveOptions {
  readonly frame: SseFrame;
  /** Silence after which a frame is sent. */
  readonly everyMs: number;
  /** Send one before anything else. */
  readonly atOnce: boolean;
  readonly clock: Clock;
}

export async function* withKeepalive(
  frames: AsyncIterable<SseFrame>,
  options: KeepaliveOptions,
): AsyncGenerator<SseFrame, void, undefined> {
  const iterator = frames[Symbol.asyncIterator]();
  try {
    if (options.atOnce) yield options.frame;
    for (let pending = iterator.next(); ;) {
      const next = await unlessSilent(pending, options);
      if (next === 'silence') yield options.frame;
      else if (next.done === true) return;
      else {
        yield next.value;
        pending = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}

const unlessSilent = async <Value>(
  pending: Promise<Value>,
  { clock, everyMs }: KeepaliveOptions,
): Promise<Value | 'silence'> => {
  const { promise: silence, resolve } = Promise.withResolvers<'silence'>();
  const cancel = clock.after(everyMs, () => resolve('silence'));
  try {
    return await Promise.race([pending, silence]);
  } finally {
    cancel();
  }
};
