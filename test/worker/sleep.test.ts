/** A container outlives its Durable Object's time in memory, and sleeps when its time has come, not before. */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, programImage, startLab, type Lab } from './lab.ts';

const labs: Lab[] = [];
afterEach(async () => {
  await Promise.all(labs.splice(0).map((each) => each.close()));
});

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

describe('a container whose object leaves memory', { timeout: 120_000 }, () => {
  it('goes on, and ends by itself when nobody asked for SLEEP_AFTER_S', async () => {
    const here = await startLab({
      entry: 'test/worker/entries/resets.ts',
      image: programImage('before-the-mark.ts'),
      vars: { SLEEP_AFTER_S: '20' },
    });
    labs.push(here);
    expect((await here.call('/v1/messages', { body: chat })).status).toBe(200);
    await here.call('/reset');
    await eventually(() => here.events.some(({ kind }) => kind === 'exit'), 90_000);
    // 137 would be the platform's SIGKILL.
    expect(here.events.filter(({ kind }) => kind === 'exit')).toMatchObject([{ code: 0 }]);
    expect(here.logs.some((line) => line.includes('container goes to sleep'))).toBe(true);
  });
});
