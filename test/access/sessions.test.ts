import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../src/access/keys.ts';
import type { FoundKey, NamedKey } from '../../src/access/named-keys.ts';
import { createSessions } from '../../src/access/sessions.ts';
import type { SharedValue } from '../../src/store/shared-value.ts';
import { HandClock } from './hand-clock.ts';

const boss = {
  id: 'key_1',
  name: 'boss',
  role: 'admin',
  hint: 'abcd',
  limits: {},
  aliases: {},
  allowedModels: undefined,
  createdAt: 0,
  expiresAt: undefined,
  revokedAt: undefined,
} as const satisfies NamedKey;

/** One value that servers share. */
const oneDatabase = () => {
  let stored: unknown;
  const sharedValue = <Value>({ initial }: { initial: Value }): SharedValue<Value> => ({
    change: (step) => {
      const { value, result } = step((stored as Value | undefined) ?? initial);
      stored = value;
      return Promise.resolve(result);
    },
    current: () => Promise.resolve((stored as Value | undefined) ?? initial),
  });
  return { store: { sharedValue }, stored: () => JSON.stringify(stored) };
};

const setUp = async () => {
  const clock = new HandClock();
  const keys = await createKeyRing(['right']);
  const owner = (await keys.ownerOf(['right'])) ?? '';
  const database = oneDatabase();
  let found: FoundKey | Error = { kind: 'known', key: boss };
  const byId = (): Promise<FoundKey> => (found instanceof Error ? Promise.reject(found) : Promise.resolve(found));
  const server = () => createSessions({ keys, namedKeys: { byId }, store: database.store, clock });
  return { clock, owner, database, server, found: (next: FoundKey | Error) => void (found = next) };
};

const caller = (owner: string) => ({ owner, name: owner, role: 'admin' }) as const;

describe('a session', () => {
  it('is known to all servers with one database, until it ends on one of them', async () => {
    const { owner, server, database } = await setUp();
    const [one, other] = [server(), server()];
    const { id } = await one.start(caller(owner));
    expect(await other.find(id)).toEqual(caller(owner));
    expect(database.stored()).not.toContain(id);
    await other.end(id);
    expect(await one.find(id)).toBeUndefined();
  });

  it('expires', async () => {
    const { owner, server, clock } = await setUp();
    const sessions = server();
    const { id, lifetimeSeconds } = await sessions.start(caller(owner));
    clock.advance((lifetimeSeconds - 1) * 1000);
    expect(await sessions.find(id)).toBeDefined();
    clock.advance(1000);
    expect(await sessions.find(id)).toBeUndefined();
  });

  it.each<[string, FoundKey]>([
    ['revoked', { kind: 'revoked', key: boss }],
    ['expired', { kind: 'expired', key: boss }],
    ['no admin any more', { kind: 'known', key: { ...boss, role: 'user' } }],
    ['gone', { kind: 'unknown' }],
  ])('ends where its key is %s', async (_, found) => {
    const set = await setUp();
    const sessions = set.server();
    const { id } = await sessions.start(caller('key_1'));
    expect(await sessions.find(id)).toMatchObject({ name: 'boss', key: boss });
    set.found(found);
    expect(await sessions.find(id)).toBeUndefined();
    set.found(new Error('The database is gone.'));
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('holds as it was while the database is gone', async () => {
    const { server, found } = await setUp();
    const sessions = server();
    const { id } = await sessions.start(caller('key_1'));
    await sessions.find(id);
    found(new Error('The database is gone.'));
    expect(await sessions.find(id)).toMatchObject({ name: 'boss' });
  });

  it('of another owner than is configured, or of no shape, is none', async () => {
    const { server } = await setUp();
    const sessions = server();
    const { id } = await sessions.start(caller('123456789abc'));
    for (const each of ['', 'x', id.toUpperCase(), `${id}0`]) expect(await sessions.find(each)).toBeUndefined();
  });

  it('makes room for new ones where there are many', async () => {
    const { owner, server, clock } = await setUp();
    const sessions = server();
    const ids: string[] = [];
    for (let count = 0; count < 201; count += 1) {
      ids.push((await sessions.start(caller(owner))).id);
      clock.advance(1);
    }
    expect(await sessions.find(ids[0] ?? '')).toBeUndefined();
    expect(await sessions.find(ids[1] ?? '')).toBeDefined();
  });
});
