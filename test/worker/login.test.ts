/** A login that refreshes itself: who may, who waits, and what comes back. The keeper's decisions over a small stand-in for its object. */
import { describe, expect, it } from 'vitest';
import {
  isNewer,
  leaseFor,
  loginOf,
  offerOf,
  withoutRefreshToken,
  type LoginLease,
  type Login,
  type Offer,
} from '../../src/worker/login/login.ts';
import { LoginSync, type KeeperPort } from '../../src/worker/login/login-sync.ts';
import { createCipher } from '../../src/worker/login/encryption.ts';

const HOUR = 3_600_000;
const file = (n: number, expiresAt: number): string =>
  JSON.stringify({
    claudeAiOauth: { accessToken: `access-${n}`, refreshToken: `refresh-${n}`, expiresAt, scopes: ['user:inference'] },
  });
const login = (text: string): Login => {
  const parsed = loginOf(text);
  if (parsed === undefined) throw new Error('not a login');
  return parsed;
};

describe('the offer to an instance', () => {
  const [now, secret] = [10 * HOUR, 'digest'];
  const fresh = login(file(1, now + HOUR));
  const old = login(file(1, now + 60_000));
  const other: LoginLease = { holder: 'b', until: now + 1 };
  const rows: readonly [title: string, kept: Login, lease: LoginLease | undefined, kind: Offer['kind']][] = [
    ['much time left', fresh, undefined, 'use'],
    ['much time left, another still holds', fresh, other, 'use'],
    ['little time left, nobody refreshes', old, undefined, 'refresh'],
    ['little time left, another refreshes', old, other, 'wait'],
    ['little time left, the other has not come back in time', old, { ...other, until: now }, 'refresh'],
    ['little time left, it refreshes itself', old, leaseFor({ instance: 'a', now }), 'refresh'],
    ['a file that names no time', login('{"claudeAiOauth":{"accessToken":"x"}}'), undefined, 'refresh'],
  ];
  it.each(rows.map(([title, kept, lease, kind]) => ({ title, kept, lease, kind })))(
    '$title',
    ({ kept, lease, kind }) => {
      const offer = offerOf(kept, lease, { instance: 'a', now, secret });
      expect(offer.kind).toBe(kind);
      if (offer.kind === 'use') expect(offer.text).not.toContain('refresh-');
      if (offer.kind === 'refresh') expect(offer.text).toBe(kept.text);
    },
  );

  it('keeps everything but the refresh token', () => {
    expect(JSON.parse(withoutRefreshToken(file(1, 5)))).toEqual({
      claudeAiOauth: { accessToken: 'access-1', expiresAt: 5, scopes: ['user:inference'] },
    });
  });

  it('takes back only what is newer, and never a file that was emptied', () => {
    expect(isNewer(loginOf(file(2, now + 9 * HOUR)), fresh)).toBe(true);
    expect(isNewer(loginOf(file(0, now)), fresh)).toBe(false);
    for (const text of ['', '{}', 'null', '{"claudeAiOauth":{"accessToken":""}}'])
      expect(isNewer(loginOf(text), old)).toBe(false);
  });
});

/** One login, several instances; a refresh token that is used twice revokes the login, as the real service may. */
class World {
  now = 10 * HOUR;
  kept: Login;
  lease: LoginLease | undefined;
  valid: string;
  refreshes = 0;
  reused = false;
  secret = 'first secret';
  constructor(first: string) {
    this.kept = login(first);
    this.valid = first;
  }

  readonly keeper: KeeperPort = {
    current: async () => ({ text: withoutRefreshToken(this.kept.text), secret: this.secret }),
    offer: async (instance) => {
      const asking = { instance, now: this.now, secret: this.secret };
      const offer = offerOf(this.kept, this.lease, asking);
      if (offer.kind === 'refresh') this.lease = leaseFor(asking);
      return offer;
    },
    bring: async (instance, { text, secret }) => {
      const brought = loginOf(text);
      if (secret !== this.secret || !isNewer(brought, this.kept)) return false;
      this.kept = brought;
      await this.keeper.giveBack(instance);
      return true;
    },
    giveBack: async (instance) => {
      if (this.lease?.holder === instance) this.lease = undefined;
    },
  };

  instance(name: string) {
    const disk = { text: '' };
    const container = { read: async () => disk.text, write: async (text: string) => void (disk.text = text) };
    const sleep = async (ms: number): Promise<void> => {
      this.now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const kept = { secret: '' };
    const origin = { get: () => kept.secret, set: (secret: string) => void (kept.secret = secret) };
    const create = (): LoginSync =>
      new LoginSync({ keeper: this.keeper, container, origin, instance: () => name, now: () => this.now, sleep });
    let sync = create();
    /** Claude Code refreshes when it holds a refresh token and little time is left, then asks the API. */
    const turn = async (): Promise<string> => {
      const asked = sync.turn();
      await asked.before();
      refresh();
      await asked.headers();
      await asked.end();
      return JSON.parse(disk.text).claudeAiOauth.accessToken;
    };
    const refresh = (): void => {
      const holds = JSON.parse(disk.text).claudeAiOauth;
      if (holds.refreshToken !== undefined && holds.expiresAt - this.now < 5 * 60_000) {
        if (holds.refreshToken !== JSON.parse(this.valid).claudeAiOauth.refreshToken) this.reused = true;
        this.refreshes += 1;
        this.valid = file(this.refreshes + 1, this.now + 8 * HOUR);
        disk.text = this.valid;
      }
    };
    const start = async (): Promise<void> => void (disk.text = (await sync.forStart()).text);
    /** The Durable Object begins anew; its container has gone on. */
    const reset = async (): Promise<void> => {
      sync = create();
      await (await sync.forResume()).after();
    };
    return {
      disk,
      turn,
      refresh,
      start,
      reset,
      begin: () => sync.turn(),
      exit: () => sync.onExit(),
      settle: () => sync.settle(),
    };
  }
}

describe('instances that share one login', () => {
  it('start without the refresh token', async () => {
    const world = new World(file(1, 11 * HOUR));
    const a = world.instance('a');
    await a.start();
    expect(a.disk.text).toContain('access-1');
    expect(a.disk.text).not.toContain('refresh-1');
  });

  it('refresh once, one at a time, and all go on with what came back', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const all = ['a', 'b', 'c'].map((name) => world.instance(name));
    await Promise.all(all.map((each) => each.start()));
    await Promise.all(all.map((each) => each.turn()));
    expect(await Promise.all(all.map((each) => each.turn()))).toEqual(['access-2', 'access-2', 'access-2']);
    expect(world).toMatchObject({ refreshes: 1, reused: false, lease: undefined });
    for (const { disk } of all) expect(disk.text).not.toContain('refresh');
  });

  it('refresh again and again, also when it has expired already', async () => {
    const world = new World(file(1, 9 * HOUR));
    const [a, b] = [world.instance('a'), world.instance('b')];
    await Promise.all([a.start(), b.start()]);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([a.turn(), b.turn(), a.turn()]);
      world.now += 9 * HOUR;
    }
    expect(world).toMatchObject({ refreshes: 5, reused: false });
  });

  it('give the token back when a turn did not refresh', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    const turn = a.begin();
    await turn.before();
    await turn.before(); // Another try of the same request.
    expect(world.lease?.holder).toBe('a');
    await turn.end();
    expect(world.lease).toBeUndefined();
    expect(a.disk.text).not.toContain('refresh-1');
  });

  it('bring back what was refreshed in a turn that was given up, also a moment later', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    const turn = a.begin();
    await turn.before();
    const ended = turn.end(); // The client has left; Claude Code is still about to write its file.
    a.refresh();
    await ended;
    expect(world.kept.text).toContain('refresh-2');
    expect([world.lease, a.disk.text.includes('refresh-2')]).toEqual([undefined, false]);
  });

  it('bring back what was refreshed after all, before they take again', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    const turn = a.begin();
    await turn.before();
    const lent = a.disk.text;
    await turn.end();
    a.disk.text = lent;
    a.refresh();
    expect(await a.turn()).toBe('access-2');
    expect(world).toMatchObject({ refreshes: 1, reused: false });
    expect(world.kept.text).toContain('refresh-2');
  });

  it('give the token back when their container dies with it', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const [a, b] = [world.instance('a'), world.instance('b')];
    await Promise.all([a.start(), b.start()]);
    await a.begin().before();
    await a.exit();
    expect(await b.turn()).toBe('access-2');
    const late = world.instance('b');
    await b.begin().before();
    world.lease = leaseFor({ instance: 'b', now: world.now });
    await late.start();
    expect(world.lease).toBeUndefined();
  });

  it('after a reset bring back what their container refreshed, and give it what others have', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const [a, b] = [world.instance('a'), world.instance('b')];
    await Promise.all([a.start(), b.start()]);
    await a.begin().before();
    a.refresh();
    await a.reset();
    expect(world.kept.text).toContain('refresh-2');
    expect([world.lease, a.disk.text.includes('refresh-2'), a.disk.text.includes('access-2')]).toEqual([
      undefined,
      false,
      true,
    ]);
    await b.reset();
    expect(b.disk.text).toContain('access-2');
  });

  it('after a reset leave the token to a refresh that may be going on', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    await a.begin().before();
    await a.reset();
    expect([world.lease?.holder, a.disk.text.includes('refresh-1')]).toEqual(['a', true]);
    a.refresh();
    await a.settle();
    expect(world.kept.text).toContain('refresh-2');
  });

  it('after a new secret use its login, whatever the old one has become', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    await a.begin().before();
    a.refresh(); // Newer than the login of the new secret.
    Object.assign(world, { secret: 'second secret', kept: login(file(50, 12 * HOUR)), lease: undefined });
    await a.reset();
    expect(world.kept.text).toContain('access-50');
    expect(a.disk.text).toContain('access-50');
  });

  it('after the sleep begin with the refreshed login', async () => {
    const world = new World(file(1, 10 * HOUR + 60_000));
    const a = world.instance('a');
    await a.start();
    await a.turn();
    const woken = world.instance('a');
    await woken.start();
    expect(woken.disk.text).toContain('access-2');
  });
});

describe('the cipher', () => {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
  it('decrypts what it encrypted, for this location and under this key only', async () => {
    const cipher = await createCipher(key, 'here');
    const encrypted = await cipher.encrypt('secret é');
    expect(await cipher.decrypt(encrypted)).toBe('secret é');
    expect(new TextDecoder('latin1').decode(encrypted)).not.toContain('secret');
    await expect((await createCipher(key, 'there')).decrypt(encrypted)).rejects.toThrow();
    await expect((await createCipher(btoa('x'.repeat(32)), 'here')).decrypt(encrypted)).rejects.toThrow();
    new Uint8Array(encrypted)[20]! ^= 1;
    await expect(cipher.decrypt(encrypted)).rejects.toThrow();
  });

  it('refuses a key of another length', async () => {
    await expect(createCipher(btoa('short'), 'here')).rejects.toThrow('STATE_KEY must be 32 bytes');
  });
});
