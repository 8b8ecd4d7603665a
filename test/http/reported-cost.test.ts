/** A cost that the engine knows only behind the answer: the answer does not wait for it, its record does. */
import { expect, it } from 'vitest';
import type { TurnEvent } from '../../src/turn/events.ts';
import type { Cost } from '../../src/turn/request-summary.ts';
import { answer } from './scripted-engine.ts';
import { setUpApp } from './set-up.ts';

const body = (stream: boolean) => ({
  model: 'sonnet',
  max_tokens: 100,
  stream,
  messages: [{ role: 'user', content: 'Hello' }],
});

const costing = (cost: Promise<Cost | undefined>) =>
  async function* (): AsyncGenerator<TurnEvent, void, undefined> {
    yield* answer('Hello');
    yield { type: 'notice', notice: { kind: 'cost', cost } };
  };

it.each([true, false])('is in the record of an answer that has long been read (stream: %s)', async (stream) => {
  const { promise, resolve } = Promise.withResolvers<Cost | undefined>();
  const { ask, lines } = await setUpApp({ script: costing(promise) });
  expect(await (await ask('/v1/messages', body(stream))).text()).toContain('end_turn');
  expect(lines).toEqual([]);
  resolve({ usd: 0.125, basis: 'managed' });
  await expect.poll(() => lines.length).toBe(1);
  expect(lines[0]?.fields).toMatchObject({ status: 200, costUsd: 0.125 });
});

it('is that of the price table where the engine does not know it after all', async () => {
  const known = await setUpApp();
  await (await known.ask('/v1/messages', body(false))).text();
  const { ask, lines } = await setUpApp({ script: costing(Promise.resolve(undefined)) });
  await (await ask('/v1/messages', body(false))).text();
  await expect.poll(() => lines.length).toBe(1);
  expect(lines[0]?.fields['costUsd']).toBe(known.lines[0]?.fields['costUsd']);
  expect(lines[0]?.fields['costUsd']).toBeGreaterThan(0);
});
