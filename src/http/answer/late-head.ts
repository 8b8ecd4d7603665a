/**
 * An answer whose status comes late, between a container and the Worker in front of it. The platform lets one object
 * wait for the headers of six answers at a time, and a turn may take minutes. So the container sends headers at once
 * and puts the real head into the body: blank lines as keepalives, the head as one line of JSON, then the body itself.
 * The early headers also show that the container has taken the request, which must not be sent again then.
 */
import { systemClock, type Clock } from '../../util/clock.ts';
import { timedOut, within } from '../../util/timer.ts';
import { formatOfAnswer } from './stream-format.ts';

/**
 * `late` in a request asks for it, and in an answer announces it. Never passes between this project's own parts and a
 * client.
 */
export const HEAD_HEADER = 'x-proxy-internal-head';

interface Head {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface LateHeadOptions {
  readonly clock?: Pick<Clock, 'after'>;
  /** How often a blank line goes out before the head. */
  readonly everyMs?: number;
}

const NEWLINE = 10;
const newline = new Uint8Array([NEWLINE]);

/** Headers now, the answer when it comes. A body that is not a stream is sent with its length. */
export const withLateHead = (answer: Promise<Response>, options: LateHeadOptions = {}): Response => {
  const bytes = bytesOf(answer, { clock: options.clock ?? systemClock, everyMs: options.everyMs ?? 10_000 });
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (controller) => {
        const { done, value } = await bytes.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      // The request's own signal ends the turn when nobody reads any more.
      cancel: () => void bytes.return(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { [HEAD_HEADER]: 'late', 'content-type': 'application/octet-stream' } });
};

async function* bytesOf(
  answer: Promise<Response>,
  { clock, everyMs }: Required<LateHeadOptions>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  answer.catch(() => undefined); // Thrown below, where it ends the body.
  for (;;) {
    const response = await within(answer, everyMs, clock);
    if (response === timedOut) {
      yield newline;
      continue;
    }
    const streamed = formatOfAnswer(response.headers) !== undefined;
    const whole = streamed ? undefined : new Uint8Array(await response.arrayBuffer());
    const headers = [...response.headers].filter(([name]) => name !== 'content-length');
    if (whole !== undefined) headers.push(['content-length', String(whole.byteLength)]);
    yield encode(`${JSON.stringify({ status: response.status, headers } satisfies Head)}\n`);
    if (whole !== undefined) yield whole;
    else yield* (response.body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>;
    return;
  }
}

const encode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

/**
 * The answer with its real head. Throws when the body ends before that; an answer that already has its head is returned
 * unchanged.
 */
export const readLateHead = async (response: Response): Promise<Response> => {
  if (response.headers.get(HEAD_HEADER) !== 'late' || response.body === null) return response;
  const reader = response.body.getReader();
  const { line, rest } = await firstLine(reader);
  const { status, headers } = JSON.parse(line) as Head;
  const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) };
  if (status === 204 || status === 304) return new Response(null, init);
  return new Response(remaining(reader, rest), init);
};

const firstLine = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ line: string; rest: Uint8Array }> => {
  let text = '';
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error('the connection ended before the answer began');
    const start = text === '' ? value.findIndex((byte) => byte !== NEWLINE) : 0;
    if (start === -1) continue;
    const end = value.indexOf(NEWLINE, start);
    text += decoder.decode(value.subarray(start, end === -1 ? undefined : end), { stream: end === -1 });
    if (end !== -1) return { line: text, rest: value.subarray(end + 1) };
  }
};

const remaining = (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  rest: Uint8Array,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let first: Uint8Array | undefined = rest.length > 0 ? rest : undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (controller) => {
        const { done, value } = first === undefined ? await reader.read() : { done: false, value: first };
        first = undefined;
        if (done || value === undefined) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
};
