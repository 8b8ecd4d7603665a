/** The end of a stream, and its beginning while nothing is there yet. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endMark } from '../../src/http/answer/end-mark.ts';
import { streamFormatOf } from '../../src/http/answer/stream-format.ts';
import { checkedStream } from '../../src/worker/checked-stream.ts';
import { earlyStream } from '../../src/worker/instance/early-stream.ts';
import { systemClock } from '../../src/util/clock.ts';
import { OpenRequests } from '../../src/worker/instance/open-requests.ts';
import type { DialectResponder } from '../../src/worker/dialect-responder.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> =>
  new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();

const source = (chunks: readonly Uint8Array[], failure?: Error): ReadableStream<Uint8Array> => {
  const left = [...chunks];
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
};

const sse = streamFormatOf({});
const ndjson = streamFormatOf({ streamFormat: 'ndjson' });

const BROKEN = 'data: broken\n\n';
const checked = (
  chunks: readonly Uint8Array[],
  { marked = true, failure, format = sse }: { marked?: boolean; failure?: Error; format?: typeof sse } = {},
) => {
  const seen = { released: 0 };
  const stream = checkedStream(source(chunks, failure), {
    format,
    marked,
    broken: () => encode(BROKEN),
    touch: () => {},
    released: () => (seen.released += 1),
  });
  return { stream, seen };
};

const cutAt = (bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
};

describe('a checked stream', () => {
  const frames = fc.array(
    fc.oneof(
      fc.string().map((text) => `data: ${JSON.stringify(text)}\n\n`),
      fc.constant(': keepalive\n\n'),
      fc.constant('event: ping\ndata: {}\n\n'),
      fc.constant('data: é😀\n\n'),
    ),
  );
  const cuts = fc.array(fc.nat(), { maxLength: 20 });

  it('passes whole answers on unchanged, without the mark, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(frames, cuts, async (all, places) => {
        const { stream, seen } = checked(cutAt(encode(`${all.join('')}: eos\n\n`), places));
        expect(await textOf(stream)).toBe(all.join(''));
        expect(seen.released).toBe(1);
      }),
    );
  });

  it('does the same with lines of JSON, and drops a line that was cut off', async () => {
    const lines = fc.array(fc.json().map((json) => `${json}\n`));
    await fc.assert(
      fc.asyncProperty(lines, cuts, fc.nat(), async (all, places, keep) => {
        const whole = encode(all.join('') + endMark(ndjson));
        expect(await textOf(checked(cutAt(whole, places), { format: ndjson }).stream)).toBe(all.join(''));
        const cut = checked(cutAt(whole.subarray(0, keep % whole.length), places), { format: ndjson });
        const text = await textOf(cut.stream);
        expect(text.endsWith(BROKEN)).toBe(true);
        expect(text.slice(0, -BROKEN.length)).toMatch(/^$|\n$/);
        expect(all.join('').startsWith(text.slice(0, -BROKEN.length))).toBe(true);
      }),
    );
  });

  it('ends an answer that lacks the mark with an error, and drops the frame that was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(frames, cuts, fc.nat(), async (all, places, keep) => {
        const whole = encode(`${all.join('')}: eos\n\n`);
        const { stream, seen } = checked(cutAt(whole.subarray(0, keep % whole.length), places));
        const text = await textOf(stream);
        expect(text.endsWith(BROKEN)).toBe(true);
        expect(all.join('').startsWith(text.slice(0, -BROKEN.length))).toBe(true);
        expect(text.slice(0, -BROKEN.length)).toMatch(/^$|\n\n$/);
        expect(seen.released).toBe(1);
      }),
    );
  });

  it('tells of a broken connection, with or without marks', async () => {
    for (const marked of [true, false]) {
      const { stream } = checked([encode('data: 1\n\n')], { marked, failure: new Error('Network connection lost.') });
      expect(await textOf(stream)).toBe(`data: 1\n\n${BROKEN}`);
    }
  });

  it('takes an answer with its mark for whole, also when the connection breaks behind it', async () => {
    const failure = new Error('Network connection lost.');
    expect(await textOf(checked([encode('data: 1\n\n'), encode(': eos\n\n')], { failure }).stream)).toBe('data: 1\n\n');
  });

  it('believes the end of a server from before the mark', async () => {
    expect(await textOf(checked([encode('data: 1\n\n')], { marked: false }).stream)).toBe('data: 1\n\n');
  });

  it('holds no whole frame back', async () => {
    const { stream } = checked([encode('data: 1\n\ndata: 2\n\nda'), encode('ta: 3\n\n: eos\n\n')]);
    const reader = stream.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('is released when the reader leaves', async () => {
    const { stream, seen } = checked([encode('data: 1\n\n'), encode('data: 2\n\n')]);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(seen.released).toBe(1);
  });
});

describe('an early stream', () => {
  const responder: DialectResponder = {
    requestId: 'req_1',
    error: () => new Response(),
    errorFrame: (error) => encode(`data: ${error.code}\n\n`),
    renderedFrame: (body) => encode(`data: ${body}\n\n`),
    lifeSign: () => encode(': alive\n\n'),
    stream: (body) => new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>),
  };
  const early = (answer: Promise<Response>, onLeave = (): void => {}): ReadableStream<Uint8Array> =>
    earlyStream(answer, {
      responder,
      clock: systemClock,
      everyMs: 1,
      leave: onLeave,
    });

  it('gives signs of life until the answer comes, then the answer', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const reader = early(promise).getReader();
    for (let i = 0; i < 3; i += 1) expect(new TextDecoder().decode((await reader.read()).value)).toBe(': alive\n\n');
    resolve(new Response('data: 1\n\n'));
    const rest: string[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read())
      rest.push(new TextDecoder().decode(next.value));
    expect(rest.filter((frame) => frame !== ': alive\n\n')).toEqual(['data: 1\n\n']);
  });

  it('turns an error status into a frame that holds the same body', async () => {
    const text = await textOf(early(Promise.resolve(new Response('{"error":1}', { status: 400 }))));
    expect(text.replaceAll(': alive\n\n', '')).toBe('data: {"error":1}\n\n');
  });

  it('turns a rejection into the error frame', async () => {
    const text = await textOf(early(Promise.reject(new Error('no'))));
    expect(text.replaceAll(': alive\n\n', '')).toBe('data: internal\n\n');
  });

  it('tells when the reader leaves before the answer', async () => {
    let left = 0;
    const reader = early(new Promise(() => {}), () => (left += 1)).getReader();
    await reader.read();
    await reader.cancel();
    expect(left).toBe(1);
  });
});

describe('open requests', () => {
  const openRequests = (now: () => number, written: { at?: number } = {}): OpenRequests =>
    new OpenRequests({ now, lastActive: { get: () => written.at, set: (at) => void (written.at = at) } });

  it('keep awake until the last has ended, and a leaked one not for ever', () => {
    let now = 0;
    const open = openRequests(() => now);
    const first = open.enter({ conversation: 'c', bytes: 0 });
    const second = open.enter({ conversation: 'c', bytes: 0 });
    first.release();
    first.release();
    now = 60_000;
    expect([open.size, open.idleMs()]).toEqual([1, 0]);
    second.touch();
    now += 31 * 60_000;
    expect(open.idleMs()).toBeGreaterThan(0);
    expect(open.size).toBe(0);
    second.touch();
    expect(open.size).toBe(0);
  });

  it('know which are in the container, of which conversations, and what they hold in memory', () => {
    const open = openRequests(() => 0);
    const [first, second] = [
      open.enter({ conversation: 'a', bytes: 1000 }),
      open.enter({ conversation: 'b', bytes: 200 }),
    ];
    expect([open.inside, open.heldBytes]).toEqual([0, 1200]);
    first.inside(true);
    first.answered();
    second.inside(true);
    second.inside(false);
    expect([open.inside, open.heldBytes]).toEqual([1, 200]);
    expect([open.has('a'), open.has('b'), open.has('c')]).toEqual([true, true, false]);
    first.release();
    second.release();
    expect([open.inside, open.heldBytes, open.size, open.has('a')]).toEqual([0, 0, 0, false]);
  });

  it('count idle time from the end of the last', () => {
    let now = 0;
    const open = openRequests(() => now);
    const ticket = open.enter({ conversation: 'c', bytes: 0 });
    now = 5_000;
    ticket.release();
    now = 7_000;
    expect(open.idleMs()).toBe(2_000);
  });

  it('write down when the last byte passed, now and then, for the object that comes after this one', () => {
    let now = 1_000_000;
    const written: { at?: number } = {};
    const open = openRequests(() => now, written);
    const ticket = open.enter({ conversation: 'c', bytes: 0 });
    const at: (number | undefined)[] = [written.at];
    for (let second = 0; second < 65; second += 1) {
      now += 1_000;
      ticket.touch();
      at.push(written.at);
    }
    expect(new Set(at)).toEqual(new Set([1_000_000, 1_030_000, 1_060_000]));
    now += 600_000;
    const after = openRequests(() => now, written);
    expect(after.idleMs()).toBe(600_000 + 5_000 - 30_000);
    now += 1_000;
    after.enter({ conversation: 'c', bytes: 0 }).release();
    expect(after.idleMs()).toBe(0);
  });
});
