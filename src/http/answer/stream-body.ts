/** The body of a streamed answer. */
import type { SseFrame } from '../../dialects/dialect.ts';
import type { Clock } from '../../util/clock.ts';
import { watchdog } from '../../util/watchdog.ts';
import type { StreamFormat } from './stream-format.ts';

export interface StreamOptions {
  readonly format: StreamFormat;
  /** Idle connections are cut by proxies in between, often after 60 seconds. */
  readonly keepalive: {
    readonly frame: SseFrame;
    /** Silence after which it is sent. */
    readonly everyMs: number;
    /** Sent before anything else. */
    readonly atOnce: boolean;
  };
  readonly clock: Clock;
  /** The frame that ends a failed stream; undefined where the frames already include it. */
  readonly errorFrame: (thrown: unknown) => SseFrame | undefined;
  /** The frames have ended, with or without an error. */
  readonly ended: () => void;
  /** The reader has left before the end. */
  readonly left: () => void;
}

/** After this many bytes that nobody has read yet, the rest of the process gets a turn first. */
const BREATH_BYTES = 256 * 1024;

/**
 * A body that takes its frames as they come, whether or not they are read: the engine is free when it has finished, and
 * a slow reader holds only bytes. The socket's time limit cuts off a client that never reads.
 */
export const streamBody = (frames: AsyncIterable<SseFrame>, options: StreamOptions): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const iterator = frames[Symbol.asyncIterator]();
  let open = true;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let bytes = 0;
        const send = (frame: SseFrame): void => {
          if (!open) return;
          const chunk = encoder.encode(options.format.encode(frame));
          bytes += chunk.byteLength;
          controller.enqueue(chunk);
        };
        const breathe = async (): Promise<void> => {
          if (bytes < BREATH_BYTES || (controller.desiredSize ?? 0) > 0) return;
          bytes = 0;
          await new Promise<void>((resolve) => void options.clock.after(0, resolve));
        };
        void pump({ iterator, send, breathe }, options).finally(() => {
          options.ended();
          if (open) controller.close();
        });
      },
      cancel: async () => {
        open = false;
        options.left();
        await iterator.return?.();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BREATH_BYTES }),
  );
};

interface Pump {
  readonly iterator: AsyncIterator<SseFrame>;
  readonly send: (frame: SseFrame) => void;
  readonly breathe: () => Promise<void>;
}

const pump = async ({ iterator, send, breathe }: Pump, options: StreamOptions): Promise<void> => {
  const { frame, everyMs, atOnce } = options.keepalive;
  const keepalive = (): void => {
    send(frame);
    silence.alive();
  };
  using silence = watchdog(options.clock, everyMs, keepalive);
  if (atOnce) send(frame);
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      silence.alive();
      send(next.value);
      await breathe();
    }
  } catch (thrown) {
    const last = options.errorFrame(thrown);
    if (last !== undefined) send(last);
  }
};
