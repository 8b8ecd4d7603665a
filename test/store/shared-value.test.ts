import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNamedKeys } from '../../src/access/named-keys.ts';
import { openSqlite } from '../../src/node/database/sqlite.ts';
import { createLab, quiet, type Lab } from './lab.ts';

let dir: string;
let file: string;
let lab: Lab;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'store-shared-'));
  // Where no database can be made: what should be its folder is a file.
  await writeFile(join(dir, 'missing'), '');
  file = join(dir, 'missing', 'proxy.db');
  lab = createLab(
    (lost) => Promise.resolve(openSqlite(file, lost)),
    () => undefined,
  );
});

afterEach(async () => {
  await lab.close();
  await rm(dir, { recursive: true });
});

const increment = (value: number) => ({ value: value + 1, result: value + 1 });
const counter = () => lab.store.sharedValue<number>({ id: 'n', initial: 0, parse: (stored) => stored as number });

describe('a shared value without its database', () => {
  it('is counted by this server, and stored when the database is back', async () => {
    const value = counter();
    expect(await value.change(increment)).toBe(1);
    expect(await value.change(increment)).toBe(2);
    expect(await value.current()).toBe(2);
    file = join(dir, 'proxy.db');
    lab.clock.advance(10_000);
    expect(await value.change(increment)).toBe(3);
    expect(await counter().current()).toBe(3);
  });

  it('does not take the place of what another server has stored meanwhile', async () => {
    const value = counter();
    expect(await value.change(increment)).toBe(1);
    file = join(dir, 'proxy.db');
    lab.clock.advance(10_000);
    const other = lab.server().sharedValue<number>({ id: 'n', initial: 100, parse: (stored) => stored as number });
    expect(await other.change(increment)).toBe(101);
    expect(await value.change(increment)).toBe(102);
  });
});

describe('keys while the database does not answer', () => {
  const never = new Promise<never>(() => undefined);

  it('are found as they were seen last, after a moment', async () => {
    file = join(dir, 'proxy.db');
    let answers = true;
    const store = { ...lab.store.keys, byHash: (hash: string) => (answers ? lab.store.keys.byHash(hash) : never) };
    const keys = createNamedKeys({ store, clock: lab.clock, log: quiet });
    const { secret } = await keys.create({ name: 'ci' });
    const unseen = await keys.create({ name: 'other' });
    await keys.find(secret);
    answers = false;
    const found = keys.find(secret);
    lab.clock.advance(1_000);
    expect((await found).kind).toBe('known');
    // For a while nobody waits again.
    expect((await keys.find(secret)).kind).toBe('known');
    const refused = keys.find(unseen.secret);
    lab.clock.advance(1_000);
    await expect(refused).rejects.toMatchObject({ code: 'store_unavailable', retryAfterSeconds: 5 });
  });
});
