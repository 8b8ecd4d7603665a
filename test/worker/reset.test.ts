/** The platform resets an instance's Durable Object, as a deployment does: an answer is whole or an error, and nothing is paid twice. */
import { describe, expect, it } from 'vitest';
import { askInstance, objectFailure } from '../../src/worker/edge/ask-instance.ts';
import type { Image } from '../../scripts/container-engine/engine.ts';
import { chat, demoLabs, messages } from './demo-labs.ts';
import { eventually, programImage, type Lab, type LabOptions } from './lab.ts';
import { readUntil } from '../fixtures/read-until.ts';

const { lab, upstream } = demoLabs();
const resettable = (vars: Record<string, string> = {}, image?: LabOptions['image']): Promise<Lab> =>
  lab(vars, image, 'test/worker/entries/resets.ts');

describe('an object that is reset', { timeout: 120_000 }, () => {
  it.each([
    ['/v1/chat/completions', /data: \{"error":\{.*engine_died.*\}\}\n\n$/],
    ['/v1/messages', /event: error\ndata: \{"type":"error",.*\}\n\n$/],
  ])('in mid-stream ends %s with the error of the dialect', async (path, pattern) => {
    const here = await resettable();
    await here.call(path, { body: messages('Hello') });
    const answer = await here.call(path, {
      body: messages('[[text:one two three four five six]][[slow:300]][[chunk:1]]', { stream: true }),
    });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = await readUntil(reader, 'one');
    await here.call('/reset');
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toMatch(pattern);
    expect(text).not.toMatch(/\[DONE\]|message_stop|eos/);
    // The container has gone on, and is found again.
    expect((await here.call(path, { body: messages('Hello') })).status).toBe(200);
    expect(here.starts()).toBe(1);
  });

  it('while the container works on an answer that is not streamed: 503, when to come back, and one request upstream', async () => {
    const here = await resettable();
    await here.call('/v1/messages', { body: messages('Hello') });
    upstream().clear();
    const asked = here.call('/v1/messages', { body: messages('[[first:60000]]') });
    await eventually(() => upstream().messageRequests.length === 1);
    await here.call('/reset');
    const answer = await asked;
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0, await answer.json()]).toMatchObject([
      503,
      true,
      { type: 'error', error: { message: expect.stringContaining('ask again') } },
    ]);
    expect(upstream().messageRequests).toHaveLength(1);
    await eventually(() => upstream().messageRequests.every(({ aborted }) => aborted));
  });

  it('before the container had the request: it is asked again, and the client does not notice', async () => {
    let image: Image | undefined;
    const here = await resettable({ START_WAIT_MS: '60000' }, () => image);
    const asked = here.call('/v1/chat/completions', { body: chat('Hello') });
    await eventually(() => here.logs.some((line) => line.includes('container ended')));
    image = programImage('before-the-mark.ts');
    await here.call('/reset');
    expect((await asked).status).toBe(200);
  });
});

describe('what the platform says of an object', () => {
  const withProperties = (message: string, properties: object): Error => Object.assign(new Error(message), properties);
  it.each([
    [withProperties('x', { retryable: true }), 'reset'],
    [withProperties('x', { durableObjectReset: true }), 'reset'],
    [withProperties('x', { retryable: true, overloaded: true }), 'overloaded'],
    [new Error('Durable Object reset because its code was updated.'), 'reset'],
    [new Error('Network connection lost.'), 'reset'],
    [new TypeError('x is undefined'), 'other'],
    [undefined, 'other'],
  ])('%s', (error, failure) => expect(objectFailure(error)).toBe(failure));

  it('is asked again a few times, and never where it is overloaded or our own code threw', async () => {
    const tries = async (error: Error): Promise<unknown[]> => {
      let asked = 0;
      const ask = async (): Promise<Response> => {
        asked += 1;
        throw error;
      };
      try {
        return [asked, await askInstance({ ask, sleep: async () => {}, client: new AbortController().signal })];
      } catch (thrown) {
        return [asked, thrown];
      }
    };
    expect(await tries(withProperties('x', { retryable: true }))).toMatchObject([
      4,
      { code: 'engine_unavailable', retryAfterSeconds: 2 },
    ]);
    expect(await tries(withProperties('x', { overloaded: true }))).toMatchObject([
      1,
      { code: 'engine_unavailable', retryAfterSeconds: 5 },
    ]);
    const ours = new TypeError('x is undefined');
    expect(await tries(ours)).toEqual([1, ours]);
  });
});
