import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createNamedKeys } from '../../src/access/named-keys.ts';
import { openPostgres } from '../../src/node/database/postgres.ts';
import { createRecorder } from '../../src/store/ledger/recorder.ts';
import { systemClock } from '../../src/util/clock.ts';
import { expectWhole, killedWriter } from './crash.ts';
import { createLab, quiet, type Lab } from './lab.ts';
import { startPostgres } from './postgres-server.ts';
import { numbered } from './summaries.ts';

const server = await startPostgres();
afterAll(() => server.close());

const labs: Lab[] = [];
afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.close()));
});

const open = (url: string): Lab => {
  const lab = createLab(
    () => Promise.resolve(openPostgres(url, quiet)),
    () => undefined,
  );
  labs.push(lab);
  return lab;
};

describe('a writer that is killed under load', () => {
  it('loses nothing that was written, and leaves nothing twice or half', async () => {
    const url = await server.newDatabase();
    let written = 0;
    for (const reports of [1, 3, 2]) written = await killedWriter(url, { first: written, reports });
    await expectWhole(open(url).store, written);
  }, 180_000);
});

describe('a Postgres that dies', () => {
  it('costs no request anything, is told, and what waited is written once when it is back', async () => {
    const { store } = open(await server.newDatabase());
    const recorder = createRecorder(store, systemClock, quiet);
    const keys = createNamedKeys({ store: store.keys, clock: systemClock, log: quiet });
    const { secret } = await keys.create({ name: 'ci' });
    await keys.find(secret);
    let next = 0;
    const record = (count: number): void => {
      for (let n = 0; n < count; n += 1) recorder.record(numbered((next += 1)), { request: `body ${next}` });
    };
    record(2_000);
    // A batch is on its way when the server dies, so that nobody knows whether it was written.
    while (recorder.health().waiting === 2_000) await setTimeout(1);
    await server.stop();
    record(2_000);
    while (recorder.health().ok) await setTimeout(10);
    expect(recorder.health().waiting).toBeGreaterThanOrEqual(2_000);
    // A key that was seen before goes on, another one cannot be checked.
    expect((await keys.find(secret)).kind).toBe('known');
    await expect(keys.find(`ocp_${'A'.repeat(43)}`)).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.start();
    while (recorder.health().waiting > 0) await setTimeout(10);
    expect(recorder.health()).toEqual({ ok: true, waiting: 0, dropped: 0 });
    await expectWhole(store, next);
    await recorder.close(1_000);
  });
});
