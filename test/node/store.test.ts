import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/node/config.ts';
import { createStore } from '../../src/node/store.ts';
import { systemClock } from '../../src/util/clock.ts';
import { quiet } from '../store/lab.ts';

const stateDir = await mkdtemp(join(tmpdir(), 'node-store-'));
afterAll(() => rm(stateDir, { recursive: true }));

const settingsOf = (env: Record<string, string>) => {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.problems.join(' '));
  return parsed.config;
};

describe('the store of a server', () => {
  it('is a file below STATE_DIR, made when it is first used, that the next server finds', async () => {
    const file = join(stateDir, 'proxy.db');
    const first = createStore(settingsOf({}), { stateDir, clock: systemClock, log: quiet });
    expect(existsSync(file)).toBe(false);
    expect(await first.claim('x')).toBe(true);
    await first.close();
    expect(existsSync(file)).toBe(true);
    const next = createStore(settingsOf({}), { stateDir, clock: systemClock, log: quiet });
    expect(await next.claim('x')).toBe(false);
    await next.close();
  });

  it('is the Postgres of DATABASE_URL, and does not fail before it is used', async () => {
    const settings = settingsOf({ DATABASE_URL: 'postgres://proxy:hush-hush@127.0.0.1:1/none' });
    const store = createStore(settings, { stateDir, clock: systemClock, log: quiet });
    const error = await store.claim('x').catch((thrown: unknown) => thrown as Error & { code?: string });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(String(error)).not.toContain('hush-hush');
    await store.close();
  });

  it('keeps responses as long as RESPONSE_DAYS says', async () => {
    const store = createStore(settingsOf({ RESPONSE_DAYS: '2' }), { stateDir, clock: systemClock, log: quiet });
    const now = Date.parse('2026-11-24T12:00:00Z');
    const response = {
      id: 'resp_1',
      owner: 'a',
      previousId: undefined,
      createdAt: now,
      response: '{}',
      inputItems: '[]',
    };
    await store.responses.put(response);
    const DAY_MS = 86_400_000;
    expect(await store.responses.get('resp_1', { owner: 'a', now: now + 2 * DAY_MS - 1 })).toEqual(response);
    expect(await store.responses.get('resp_1', { owner: 'a', now: now + 2 * DAY_MS })).toBeUndefined();
    await store.close();
  });
});
