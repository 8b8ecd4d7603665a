/** Frames to bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
import type { SseFrame } from '../../dialects/dialect.ts';
import type { Clock } from '../../util/clock.ts';
import { watchdog } from '../../util/watchdog.ts';

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx holds streams back without it.
  'x-accel-buffering': 'no',
};

/** The text of one frame; a line break in `data` becomes a second `data` line, as the format asks. */
export const encodeFrame = (frame: SseFrame): string => {
  if ('comment' in frame) return `: ${frame.comment.replaceAll(/[\r\n]+/g, ' ')}\n\n`;
  const data = /[\r\n]/.test(frame.data) ? frame.data.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : frame.data;
  return `${frame.event === undefined ? '' : `event: ${frame.event}\n`}data: ${data}\n\n`;
};

export interface SseOptions {
  /** Idle connections are cut by proxies in between, often after 60 seconds. */
  readonly keepalive: {
    readonly frame: SseFrame;
    /** Silence after which it is sent. */
    readonly everyMs: number;
    /** Sent before anything else. */
    readonly atOnce: boolean;
  };
  readonly clock: Clock;
  /** The frame that ends a stream that has failed; none where the frames themselves have said it. */
  readonly errorFrame: (thrown: unknown) => SseFrame | undefined;
  /** The frames have ended, however they did. */
  readonly ended: () => void;
  /** The reader has left before the end. */
  readonly left: () => void;
}

/** After so many bytes that nobody has taken yet, everything else in the process has its turn first. */
const BREATH_BYTES = 256 * 1024;

/**
 * A body that takes its frames as they come, whether or not they are read: the engine is free when it has finished,
 * and what a slow reader has not taken is held as bytes. Who never reads is cut by the socket's own time limit.
 */
export const sseBody = (frames: AsyncIterable<SseFrame>, options: SseOptions): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const iterator = frames[Symbol.asyncIterator]();
  let open = true;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let bytes = 0;
        const send = (frame: SseFrame): void => {
          if (!open) return;
          const chunk = encoder.encode(encodeFrame(frame));
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

const pump = async ({ iterator, send, breathe }: Pump, options: SseOptions): Promise<void> => {
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
