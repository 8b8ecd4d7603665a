/** Many large bodies at once must not take the memory of the process. */
import { describe, expect, it } from 'vitest';
import { answer, until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { startServer } from './start-server.ts';

const MB = 1_000_000;
const large = (bytes = 5 * MB) => chat({ messages: [{ role: 'user', content: 'x'.repeat(bytes) }] });
const env = { MAX_HELD_BODY_BYTES: String(11 * MB), MAX_BODY_BYTES: String(10 * MB), MAX_CONCURRENCY: '64' };

describe('the bytes of bodies that are held', () => {
  it('have a bound; who finds no room waits for it', async () => {
    const open: (() => void)[] = [];
    let most = 0;
    const { engine, post } = await startServer({
      env,
      script: async function* () {
        most = Math.max(most, engine.running);
        await new Promise<void>((resolve) => open.push(resolve));
        yield* answer('done');
      },
    });
    const asked = Array.from({ length: 8 }, () => post(large()));
    for (let ended = 0; ended < 8; ended += 1) {
      await until(() => open.length > 0);
      open.shift()?.();
    }
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(most).toBeLessThanOrEqual(2);
  });

  it('are refused with a time to come back where there is no room for long, also when their length is not told', async () => {
    const gate = Promise.withResolvers<void>();
    const { engine, post } = await startServer({
      env,
      limits: { bodyWaitMs: 100 },
      script: async function* () {
        await gate.promise;
        yield* answer('done');
      },
    });
    const first = post(large(8 * MB));
    await until(() => engine.running === 1);
    const { body } = new Response(JSON.stringify(chat()));
    for (const refused of [await post(large()), await post(undefined, { body, duplex: 'half' })]) {
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({ error: { code: 'server_busy' } });
    }
    const small = post(chat());
    await until(() => engine.running === 2);
    gate.resolve();
    expect((await small).status).toBe(200);
    expect((await first).status).toBe(200);
    await until(() => engine.running === 0);
    expect((await post(large())).status).toBe(200);
  });

  it('are free again after refusals and after clients that left', async () => {
    const { engine, post } = await startServer({
      env,
      script: async function* (_turn, signal) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        yield* answer('nobody reads it');
      },
    });
    for (let round = 0; round < 4; round += 1) {
      expect((await post(undefined, { body: 'x'.repeat(8 * MB) })).status).toBe(400);
      const leaving = new AbortController();
      const asked = post(large(8 * MB), { signal: leaving.signal }).catch(() => undefined);
      await until(() => engine.running === 1);
      leaving.abort();
      await asked;
      await until(() => engine.running === 0);
    }
  });
});
