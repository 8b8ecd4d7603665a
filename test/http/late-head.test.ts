/** An answer whose head comes in its body: whole at the other end, however the bytes are cut. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD_HEADER, readLateHead, withLateHead } from '../../src/http/answer/late-head.ts';
import { systemClock } from '../../src/util/clock.ts';

const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

const recut = (bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return ReadableStream.from(at.slice(1).map((end, index) => bytes.subarray(at[index], end)));
};

const late = { [HEAD_HEADER]: 'late' };

describe('a late head', () => {
  it('is read back with status, headers and body, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 599 }).filter((status) => ![204, 205, 304].includes(status)),
        fc.constantFrom('application/json', 'text/event-stream'),
        fc.string({ unit: 'binary' }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (status, type, body, cuts) => {
          const headers = { 'content-type': type, 'x-note': 'a: "b"' };
          const sent = await bytesOf(withLateHead(Promise.resolve(new Response(body, { status, headers }))));
          const read = await readLateHead(
            new Response(recut(sent, cuts) as ReadableStream<Uint8Array<ArrayBuffer>>, { headers: late }),
          );
          expect([read.status, read.headers.get('content-type'), read.headers.get('x-note')]).toEqual([
            status,
            type,
            'a: "b"',
          ]);
          expect(await bytesOf(read)).toEqual(new TextEncoder().encode(body));
          if (type === 'application/json')
            expect(read.headers.get('content-length')).toBe(String(new TextEncoder().encode(body).length));
        },
      ),
    );
  });

  it('is there at once, and shows life until the answer comes', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const response = withLateHead(promise, { clock: systemClock, everyMs: 1 });
    expect([response.status, response.headers.get(HEAD_HEADER)]).toEqual([200, 'late']);
    const reader = response.body!.getReader();
    for (let signs = 0; signs < 3; signs += 1) expect((await reader.read()).value).toEqual(new Uint8Array([10]));
    resolve(Response.json({ a: 1 }, { status: 529 }));
    const rest: Uint8Array[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest.push(next.value);
    const read = await readLateHead(new Response(Buffer.concat(rest), { headers: late }));
    expect([read.status, await read.json()]).toEqual([529, { a: 1 }]);
  });

  it('that never comes is an error, not an empty answer', async () => {
    for (const body of ['', '\n\n', '{"status":200'])
      await expect(readLateHead(new Response(body, { headers: late }))).rejects.toThrow('before the answer began');
    const failing = withLateHead(Promise.reject(new Error('broken')));
    await expect(failing.text()).rejects.toThrow('broken');
  });

  it('leaves an answer alone that has its head', async () => {
    const answer = Response.json({});
    expect(await readLateHead(answer)).toBe(answer);
  });

  it('passes a stream on as it comes, and its end to whoever makes it when the reader leaves', async () => {
    let cancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
      cancel: () => void (cancelled = true),
    });
    const answer = new Response(source, { headers: { 'content-type': 'text/event-stream' } });
    const read = await readLateHead(withLateHead(Promise.resolve(answer)));
    const reader = read.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n');
    await reader.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(cancelled).toBe(true);
  });
});
