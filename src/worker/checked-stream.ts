/**
 * The stream of a container, passed on with no delay and with its end checked. A container that
 * dies looks like a clean end in some versions of the platform, so the server ends each stream with
 * a mark; without it the client gets the dialect's error instead of an end.
 */
import { endMark } from '../http/answer/end-mark.ts';
import type { StreamFormat } from '../http/answer/stream-format.ts';

const NEWLINE = 10;

export interface StreamEnd {
  readonly format: StreamFormat;
  /** The server sends the mark; one from before the mark ends without. */
  readonly marked: boolean;
  /** Bytes that end an incomplete answer with an error. */
  broken(): Uint8Array;
  /** Bytes have passed. */
  touch(): void;
  /** The body has ended, whoever ended it. */
  released(): void;
}

/** `source` without its mark. Whole frames only: a frame that was cut off is not passed on. */
export const checkedStream = (source: ReadableStream<Uint8Array>, end: StreamEnd): ReadableStream<Uint8Array> => {
  const reader = source.getReader();
  const frames = new FrameBuffer(end.format);
  const finish = (controller: ReadableStreamDefaultController<Uint8Array>, failed: boolean): void => {
    const whole = end.marked ? frames.ended : !failed; // Behind the mark a connection may break.
    if (!whole) controller.enqueue(end.broken());
    controller.close();
    end.released();
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: 'failed' as const, value: undefined }));
      if (done !== false) return finish(controller, done === 'failed');
      end.touch();
      const whole = frames.add(value);
      if (whole.length > 0) return controller.enqueue(whole);
    }
  };
  const cancel = async (reason: unknown): Promise<void> => {
    end.released();
    await reader.cancel(reason).catch(() => {}); // The source may be gone already; nobody reads on.
  };
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
};

/** Splits bytes at the end of the last whole frame and looks for the mark behind it. */
class FrameBuffer {
  /** The mark has been seen, and nothing after it. */
  ended = false;
  readonly #lineBreaks: number;
  readonly #mark: Uint8Array;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(format: StreamFormat) {
    this.#lineBreaks = format.lineBreaks;
    this.#mark = new TextEncoder().encode(endMark(format));
  }

  /** The whole frames that can be passed on now. */
  add(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    const all = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes);
    const cut = endOfLastFrame(all, this.#lineBreaks);
    this.#rest = all.slice(cut);
    const whole = all.subarray(0, cut);
    this.ended = endsWith(whole, this.#mark) && this.#rest.length === 0;
    return this.ended ? whole.subarray(0, whole.length - this.#mark.length) : whole;
  }
}

const endOfLastFrame = (bytes: Uint8Array, lineBreaks: number): number => {
  for (let end = bytes.length; end >= lineBreaks; end -= 1)
    if (bytes.subarray(end - lineBreaks, end).every((byte) => byte === NEWLINE)) return end;
  return 0;
};

const endsWith = (bytes: Uint8Array, mark: Uint8Array): boolean => {
  const start = bytes.length - mark.length;
  if (start < 0 || !mark.every((byte, index) => bytes[start + index] === byte)) return false;
  return start === 0 || bytes[start - 1] === NEWLINE;
};

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};
