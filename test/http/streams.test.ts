import * as fc from 'fast-check';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import type { SseFrame } from '../../src/dialects/dialect.ts';
import { waitForFirstEvent } from '../../src/http/answer/first-event.ts';
import { streamBody, type StreamOptions } from '../../src/http/answer/stream-body.ts';
import { formatOfAnswer, streamFormatOf, wantsStream } from '../../src/http/answer/stream-format.ts';
import { TurnError } from '../../src/turn/errors.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import { HandClock } from '../access/hand-clock.ts';
import { systemClock } from '../../src/util/clock.ts';
import { answer, beginning, settled, until } from './scripted-engine.ts';

const sse = streamFormatOf({});
const ndjson = streamFormatOf({ streamFormat: 'ndjson' });

/** A source that a test fills by hand. */
const handFed = <Item>() => {
  const { readable, writable } = new TransformStream<Item, Item>(undefined, undefined, { highWaterMark: 100 });
  const writer = writable.getWriter();
  return {
    items: readable as AsyncIterable<Item>,
    give: (item: Item) => writer.write(item),
    end: () => writer.close(),
    fail: (error: unknown) => writer.abort(error),
  };
};

async function* oneFrame(): AsyncGenerator<SseFrame> {
  yield { data: 'žluťoučký 🐎' };
}

const options = (more: Partial<StreamOptions> = {}): StreamOptions => ({
  format: sse,
  keepalive: { frame: { comment: 'k' }, everyMs: 10, atOnce: false },
  clock: new HandClock(),
  errorFrame: (thrown) => ({ data: String(thrown) }),
  ended: () => undefined,
  left: () => undefined,
  ...more,
});

const keepingAlive = (atOnce: boolean) => {
  const clock = new HandClock();
  const source = handFed<SseFrame>();
  const keepalive = { frame: { comment: 'k' }, everyMs: 10, atOnce };
  const body = streamBody(source.items, options({ keepalive, clock }));
  return { clock, ...source, reader: body.pipeThrough(new TextDecoderStream()).getReader() };
};

const patience = { waitMs: 1_000, longestMs: 5_000 };

const notice: TurnEvent = { type: 'notice', notice: { kind: 'strategy', strategy: 'direct' } };

const rest = async (events: AsyncIterable<TurnEvent>) => {
  const read: TurnEvent[] = [];
  for await (const event of events) read.push(event);
  return read;
};

// eslint-disable-next-line require-yield
async function* failing(): AsyncGenerator<TurnEvent> {
  throw new TurnError('upstream_rate_limited', 'slow down');
}

describe('frames as bytes', () => {
  it.each<[SseFrame, string]>([
    [{ data: 'x' }, 'data: x\n\n'],
    [{ event: 'ping', data: '{}' }, 'event: ping\ndata: {}\n\n'],
    [{ data: 'a\nb' }, 'data: a\ndata: b\n\n'],
    [{ comment: 'keepalive' }, ': keepalive\n\n'],
    [{ comment: 'a\n\ndata: no' }, ': a data: no\n\n'],
  ])('%j', (frame, expected) => expect(sse.encode(frame)).toBe(expected));

  it('say to any parser what was meant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (data) => {
        const seen: EventSourceMessage[] = [];
        createParser({ onEvent: (event) => seen.push(event) }).feed(sse.encode({ event: 'e', data }));
        expect(seen.map((event) => event.data)).toEqual([data.replaceAll(/\r\n|\r/g, '\n')]);
      }),
    );
  });

  it('are lines of JSON where the format is NDJSON, which has no comments', () => {
    expect(ndjson.encode({ data: '{"a":"\\n"}' })).toBe('{"a":"\\n"}\n');
    expect(ndjson.encode({ comment: 'k' })).toBe('');
  });

  it('are known by the type of the answer', () => {
    for (const format of [sse, ndjson]) expect(formatOfAnswer(new Headers(format.headers))).toBe(format);
    expect(formatOfAnswer(new Headers({ 'content-type': 'application/json' }))).toBeUndefined();
    expect(formatOfAnswer(new Headers())).toBeUndefined();
  });

  it.each([
    [{}, {}, false],
    [{}, { stream: true }, true],
    [{}, { stream: 'true' }, false],
    [{ streamsUnlessTold: true } as const, {}, true],
    [{ streamsUnlessTold: true } as const, { stream: null }, true],
    [{ streamsUnlessTold: true } as const, { stream: false }, false],
  ])('%j: %j wants a stream: %s', (dialect, body, expected) => expect(wantsStream(dialect, body)).toBe(expected));

  it('never split a character, and end when the frames end', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of streamBody(oneFrame(), options())) chunks.push(chunk);
    expect(chunks.map((chunk) => new TextDecoder('utf-8', { fatal: true }).decode(chunk))).toEqual([
      'data: žluťoučký 🐎\n\n',
    ]);
  });

  it('tell the source when the reader leaves', async () => {
    const told: string[] = [];
    async function* frames(): AsyncGenerator<SseFrame> {
      try {
        for (;;) {
          yield { data: 'x' };
          await settled();
        }
      } finally {
        told.push('source');
      }
    }
    const body = streamBody(frames(), options({ left: () => told.push('left'), ended: () => told.push('ended') }));
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    await settled();
    expect(told.toSorted()).toEqual(['ended', 'left', 'source']);
  });

  it('are taken to their end also where nobody reads them', async () => {
    let ended = false;
    async function* frames(): AsyncGenerator<SseFrame> {
      for (let sent = 0; sent < 1_000; sent += 1) yield { data: 'x'.repeat(1_000) };
    }
    const keepalive = { frame: { comment: 'k' }, everyMs: 60_000, atOnce: false };
    const body = streamBody(frames(), options({ keepalive, ended: () => (ended = true), clock: systemClock }));
    await until(() => ended);
    expect((await new Response(body).text()).length).toBe(1_000 * 1_008);
  });

  it('let others have their turn while nobody reads a large answer', async () => {
    async function* frames(): AsyncGenerator<SseFrame> {
      for (;;) yield { data: 'x'.repeat(10_000) };
    }
    const body = streamBody(frames(), options({ clock: systemClock }));
    await settled();
    await body.cancel();
  });

  it('end with the error of their source', async () => {
    async function* frames(): AsyncGenerator<SseFrame> {
      yield { data: 'x' };
      throw new TurnError('upstream_error', 'broke');
    }
    const body = streamBody(frames(), options({ errorFrame: (thrown) => ({ event: 'error', data: String(thrown) }) }));
    expect(await new Response(body).text()).toBe('data: x\n\nevent: error\ndata: TurnError: broke\n\n');
  });
});

describe('keepalive', () => {
  it('fills silence and nothing else', async () => {
    const { clock, give, end, reader } = keepingAlive(false);
    let read = '';
    const reading = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) read += next.value;
    })();
    await give({ data: '1' });
    for (let silence = 0; silence < 2; silence += 1) {
      await settled();
      clock.advance(10);
    }
    await settled();
    clock.advance(9);
    await give({ data: '2' });
    await settled();
    clock.advance(9);
    await end();
    await reading;
    expect(read).toBe('data: 1\n\n: k\n\n: k\n\ndata: 2\n\n');
    expect(clock.pending).toBe(0);
  });

  it('comes first where nothing else does', async () => {
    const { reader, give } = keepingAlive(true);
    expect((await reader.read()).value).toBe(': k\n\n');
    await give({ data: '1' });
    expect((await reader.read()).value).toBe('data: 1\n\n');
  });
});

describe('the opening of an answer', () => {
  it('is the first event of the answer, notices before it included', async () => {
    const clock = new HandClock();
    async function* events() {
      yield notice;
      yield* answer('Hi');
    }
    const opening = await waitForFirstEvent(events(), { ...patience, clock });
    expect(opening.begun).toBe(true);
    expect(await rest(opening.events)).toEqual([notice, ...(await rest(answer('Hi')))]);
    expect(clock.pending).toBe(0);
  });

  it('is an error where one comes in time', async () => {
    await expect(waitForFirstEvent(failing(), { ...patience, clock: new HandClock() })).rejects.toMatchObject({
      code: 'upstream_rate_limited',
    });
  });

  it('does not wait longer than it may, and loses nothing then', async () => {
    const clock = new HandClock();
    const { items, give, end } = handFed<TurnEvent>();
    const waiting = waitForFirstEvent(items, { ...patience, clock });
    await give(notice);
    await settled();
    clock.advance(1_000);
    const opening = await waiting;
    expect(opening.begun).toBe(false);
    const [first] = beginning();
    await give(first as TurnEvent);
    await end();
    expect(await rest(opening.events)).toEqual([notice, first]);
  });

  it('waits longer while the upstream is asked again, but not for ever', async () => {
    const clock = new HandClock();
    const { items, give } = handFed<TurnEvent>();
    const retry: TurnEvent = { type: 'notice', notice: { kind: 'retry', attempt: 1, delayMs: 2_000, status: 529 } };
    let late = false;
    void waitForFirstEvent(items, { ...patience, clock }).then(() => (late = true));
    for (const [ms, expected] of [
      [900, false],
      [2_900, false],
      [1_100, false],
      [100, true],
    ] as const) {
      await settled();
      clock.advance(ms);
      await settled();
      expect(late).toBe(expected);
      if (!expected) await give(retry);
    }
  });

  it('passes on an error that comes after the wait', async () => {
    const clock = new HandClock();
    const { items, fail } = handFed<TurnEvent>();
    const waiting = waitForFirstEvent(items, { ...patience, clock });
    await settled();
    clock.advance(1_000);
    const { events } = await waiting;
    await fail(new TurnError('upstream_error', 'broke'));
    await expect(rest(events)).rejects.toMatchObject({ code: 'upstream_error' });
  });
});
