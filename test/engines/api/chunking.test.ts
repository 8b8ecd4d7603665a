import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../../src/demo/upstream.ts';
import { createApiEngine } from '../../../src/engines/api/engine.ts';
import { isStreamEvent, type TurnEvent } from '../../../src/turn/events.ts';
import { collect, MODEL, turnOf } from './support.ts';

let upstream: DemoUpstream;
let bytes: Uint8Array;
let whole: readonly TurnEvent[];

const TEXT = '[[think:Hm… ÄÖ]][[text:für 日本 👩‍👩‍👧 end]][[tool:t {"path":"ü 🎉","n":[1,2]}]]';
const TOOLS = [{ name: 't', input_schema: { type: 'object' as const } }];

beforeAll(async () => {
  upstream = await startDemoUpstream();
  const body = {
    model: MODEL,
    max_tokens: 1000,
    messages: [{ role: 'user', content: TEXT }],
    tools: TOOLS,
    stream: true,
  };
  const headers = { 'x-api-key': 'demo', 'anthropic-version': '2023-06-01' };
  bytes = await (
    await fetch(`${upstream.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })
  ).bytes();
  whole = await runOn([bytes]).then(({ events }) => events);
});
afterAll(() => upstream.close());

const runOn = (chunks: readonly Uint8Array[]) => {
  const answer = (): Promise<Response> =>
    Promise.resolve(new Response(ReadableStream.from(chunks), { headers: { 'content-type': 'text/event-stream' } }));
  return collect(createApiEngine({ apiKey: 'demo', fetch: answer }).run(turnOf('hi'), new AbortController().signal));
};

const cutAt = (source: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const edges = [0, ...[...new Set(cuts)].sort((a, b) => a - b), source.length];
  return edges.slice(1).map((end, index) => source.subarray(edges[index], end));
};

test('the whole stream is read', () => {
  expect(whole.filter(isStreamEvent).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['message_start', 'content_block_delta', 'message_stop']),
  );
  expect(JSON.stringify(whole)).toContain('👩‍👩‍👧');
});

test('however the bytes are cut, the events are the same', async () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const { events, error } = await runOn(
        cutAt(
          bytes,
          places.map((place) => place % bytes.length),
        ),
      );
      expect(error).toBeUndefined();
      expect(events).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test('one byte at a time, also with the line ends of other servers', async () => {
  expect((await runOn(cutAt(bytes, [...bytes.keys()]))).events).toEqual(whole);
  const crlf = new TextEncoder().encode(new TextDecoder().decode(bytes).replaceAll('\n', '\r\n'));
  expect((await runOn(cutAt(crlf, [...crlf.keys()]))).events).toEqual(whole);
});

test('a stream that ends anywhere before its last event is an error after what came before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(fc.nat({ max: 5000 }), { maxLength: 5 }), async (end, places) => {
      const part = bytes.subarray(0, end % (bytes.length - 1));
      const { events, error } = await runOn(
        cutAt(
          part,
          places.map((place) => place % Math.max(1, part.length)),
        ),
      );
      expect(error?.code).toBe('upstream_error');
      expect(events).toEqual(whole.slice(0, events.length));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['data: nonsense\n\n', /not JSON/],
  ['data: {"no":"type"}\n\n', /without a type/],
  ['data: null\n\n', /without a type/],
  ['', /ended before/],
  ['data: {"type":"error"}\n\n', /without a message/],
])('%j is no answer', async (text, message) => {
  const { error } = await runOn([new TextEncoder().encode(text)]);
  expect(error).toMatchObject({ code: 'upstream_error', message: expect.stringMatching(message) as unknown });
});

test('events before an error in the same bytes are yielded first', async () => {
  const text =
    'data: {"type":"ping"}\n\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
  const { events, error } = await runOn([new TextEncoder().encode(text)]);
  expect(events.at(-1)).toEqual({ type: 'ping' });
  expect(error).toMatchObject({ code: 'upstream_overloaded', message: 'Overloaded' });
});

test('an event type of tomorrow passes unchanged', async () => {
  const tomorrow = { type: 'content_block_tomorrow', index: 3, more: [1] };
  const { events } = await runOn([
    new TextEncoder().encode(`data: ${JSON.stringify(tomorrow)}\n\ndata: {"type":"message_stop"}\n\n`),
  ]);
  expect(events).toContainEqual(tomorrow);
});
