/** Frames to bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
import type { SseFrame } from '../dialects/dialect.ts';

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx holds streams back without it.
  'x-accel-buffering': 'no',
};

/** The text of one frame; a line break in `data` becomes a second `data` line, as the format asks. */
export const encodeFrame = (frame: SseFrame): string => {
  if ('comment' in frame) return `: ${frame.comment.replaceAll(/[\r\n]+/g, ' ')}\n\n`;
  const data = frame.data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
  return `${frame.event === undefined ? '' : `event: ${frame.event}\n`}${data}\n`;
};

/**
 * A body that pulls its frames one by one, so a slow reader slows the source.
 * `onCancel` is called when the reader leaves before the end.
 */
export const sseBody = (frames: AsyncIterable<SseFrame>, onCancel: () => void): ReadableStream<Uint8Array> => {
  const iterator = frames[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(encodeFrame(next.value)));
    },
    cancel: async () => {
      onCancel();
      await iterator.return?.();
    },
  });
};
