/** The formats of streams: how a frame becomes bytes, and where it ends. Server and Worker share them. */
import type { Dialect, SseFrame } from '../../dialects/dialect.ts';

export interface StreamFormat {
  readonly headers: Readonly<Record<string, string>>;
  /** The text of one frame. */
  readonly encode: (frame: SseFrame) => string;
  /** How many line breaks end a frame; a frame contains no such sequence. */
  readonly lineBreaks: 1 | 2;
}

const UNBUFFERED = {
  'cache-control': 'no-cache, no-transform',
  // nginx buffers streams without it.
  'x-accel-buffering': 'no',
} as const;

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
const serverSentEvents: StreamFormat = {
  headers: { 'content-type': 'text/event-stream; charset=utf-8', ...UNBUFFERED },
  // A line break in `data` becomes a second `data` line, as the format asks.
  encode: (frame) => {
    if ('comment' in frame) return `: ${frame.comment.replaceAll(/[\r\n]+/g, ' ')}\n\n`;
    const data = /[\r\n]/.test(frame.data) ? frame.data.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : frame.data;
    return `${frame.event === undefined ? '' : `event: ${frame.event}\n`}data: ${data}\n\n`;
  },
  lineBreaks: 2,
};

/** One JSON value a line. The format has no comments, and clients fail on empty lines. */
const ndjson: StreamFormat = {
  headers: { 'content-type': 'application/x-ndjson', ...UNBUFFERED },
  encode: (frame) => ('comment' in frame ? '' : `${frame.data}\n`),
  lineBreaks: 1,
};

export const streamFormatOf = ({ streamFormat }: Pick<Dialect, 'streamFormat'>): StreamFormat =>
  streamFormat === 'ndjson' ? ndjson : serverSentEvents;

/** The stream format of an answer; undefined for an answer that is not a stream. */
export const formatOfAnswer = (headers: Headers): StreamFormat | undefined => {
  const type = headers.get('content-type') ?? '';
  return [serverSentEvents, ndjson].find((format) => type.startsWith(essence(format)));
};

const essence = ({ headers }: StreamFormat): string => headers['content-type']?.split(';')[0] ?? '';

/** Whether a body asks for a stream. Accepts any body, also a malformed one. */
export const wantsStream = ({ streamsUnlessTold }: Pick<Dialect, 'streamsUnlessTold'>, body: object): boolean => {
  const { stream }: { stream?: unknown } = body;
  return streamsUnlessTold === true ? stream !== false : stream === true;
};
