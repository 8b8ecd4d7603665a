import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeases, type Lease, type Leases } from '../../src/access/leases.ts';
import { TurnError } from '../../src/turn/errors.ts';
import { HandClock } from './hand-clock.ts';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

const setUp = (given: { maxConcurrency?: number; queueLimit?: number; queueTimeoutMs?: number } = {}) => {
  const clock = new HandClock();
  const leases = createLeases({ maxConcurrency: 1, queueLimit: 10, queueTimeoutMs: 30_000, ...given, clock });
  return { clock, leases };
};

/** Waits for leases under names and notes the order in which they are admitted. */
const line = (leases: Leases) => {
  const admitted: string[] = [];
  const held = new Map<string, Lease>();
  const join = (owner: string, name: string) =>
    void leases.acquire(owner, never).then((lease) => (admitted.push(name), held.set(name, lease)));
  return { admitted, held, join };
};

describe('leases', () => {
  it('admits at once while a place is free', async () => {
    const { leases } = setUp({ maxConcurrency: 2 });
    expect((await leases.acquire('a', never)).waitedMs).toBe(0);
    await leases.acquire('a', never);
    expect(leases.stats()).toEqual({ held: 2, queued: 0, draining: false });
  });

  it('measures waits by time that passes, whatever is done to the clock of the machine', async () => {
    const { leases, clock } = setUp();
    const first = await leases.acquire('a', never);
    const second = leases.acquire('a', never);
    clock.advance(1_000);
    clock.setWallClock(-86_400_000);
    clock.advance(500);
    first.release();
    expect((await second).waitedMs).toBe(1_500);
  });

  it('passes a released place on and tells how long the wait was', async () => {
    const { leases, clock } = setUp();
    const first = await leases.acquire('a', never);
    const second = leases.acquire('a', never);
    clock.advance(1_500);
    first.release();
    expect((await second).waitedMs).toBe(1_500);
    expect(leases.stats()).toEqual({ held: 1, queued: 0, draining: false });
    expect(clock.pending).toBe(0);
  });

  it('counts a release once', async () => {
    const { leases } = setUp({ maxConcurrency: 2 });
    const first = await leases.acquire('a', never);
    await leases.acquire('a', never);
    first.release();
    first.release();
    expect(leases.stats().held).toBe(1);
  });

  it('serves owners in turn and each owner in order', async () => {
    const { leases } = setUp();
    const { admitted, held, join } = line(leases);
    join('a', 'a1');
    for (const name of ['a2', 'a3', 'b1', 'b2', 'c1']) join(name.charAt(0), name);
    for (let turn = 0; turn < 6; turn += 1) {
      await settled();
      held.get(admitted.at(-1) ?? '')?.release();
    }
    expect(admitted).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  it('refuses when the queue is full, with a time to come back', async () => {
    const { leases } = setUp({ queueLimit: 1 });
    await leases.acquire('a', never);
    void leases.acquire('a', never);
    await expect(leases.acquire('b', never)).rejects.toMatchObject({
      code: 'queue_full',
      message: 'All slots are taken (MAX_CONCURRENCY: 1), and the queue is full (QUEUE_LIMIT: 1).',
      retryAfterSeconds: expect.any(Number),
    });
    expect(leases.stats().queued).toBe(1);
  });

  it('takes back a place of a full queue from the owner who has most, the newest first', async () => {
    const { leases } = setUp({ queueLimit: 3 });
    const { admitted, held, join } = line(leases);
    join('a', 'a1');
    await settled();
    const outcomes = ['a2', 'a3', 'a4'].map(async (name) =>
      leases.acquire('a', never).then(
        (lease) => (admitted.push(name), held.set(name, lease)),
        (error: TurnError) => error.code,
      ),
    );
    join('b', 'b1');
    expect(await outcomes[2]).toBe('queue_full');
    // Now a has two and b has one: nobody has more than the other would get.
    await expect(leases.acquire('b', never)).rejects.toMatchObject({
      code: 'queue_full',
      retryAfterSeconds: expect.any(Number),
    });
    await expect(leases.acquire('a', never)).rejects.toMatchObject({ code: 'queue_full' });
    for (let turn = 0; turn < 4; turn += 1) {
      held.get(admitted.at(-1) ?? '')?.release();
      await settled();
    }
    expect(admitted).toEqual(['a1', 'a2', 'b1', 'a3']);
    expect(leases.stats()).toMatchObject({ held: 0, queued: 0 });
  });

  it('gives up after the time limit', async () => {
    const { leases, clock } = setUp({ queueTimeoutMs: 1_000 });
    await leases.acquire('a', never);
    const waiting = leases.acquire('a', never);
    clock.advance(1_000);
    await expect(waiting).rejects.toMatchObject({ code: 'queue_timeout' });
    expect(leases.stats().queued).toBe(0);
  });

  it('forgets a client that leaves the queue', async () => {
    const { leases, clock } = setUp();
    const first = await leases.acquire('a', never);
    const leaving = new AbortController();
    const gone = leases.acquire('b', leaving.signal);
    const next = leases.acquire('c', never);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ code: 'client_closed' });
    first.release();
    await next;
    expect(leases.stats()).toMatchObject({ held: 1, queued: 0 });
    expect(clock.pending).toBe(0);
  });

  it('gives nothing to a client that has already left', async () => {
    const { leases } = setUp();
    await expect(leases.acquire('a', AbortSignal.abort())).rejects.toMatchObject({ code: 'client_closed' });
    expect(leases.stats().held).toBe(0);
  });

  it('when draining refuses who waits and who comes, and is idle when the last lease is back', async () => {
    const { leases } = setUp();
    const first = await leases.acquire('a', never);
    const waiting = leases.acquire('a', never);
    leases.drain();
    await expect(waiting).rejects.toMatchObject({ code: 'draining' });
    await expect(leases.acquire('a', never)).rejects.toMatchObject({ code: 'draining' });
    let idle = false;
    void leases.idle().then(() => (idle = true));
    await settled();
    expect(idle).toBe(false);
    first.release();
    await settled();
    expect(idle).toBe(true);
  });
});

it('whoever comes in whatever order, no owner gets two places more than another who waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }), async (owners) => {
      const { leases } = setUp({ queueLimit: 30 });
      const first = await leases.acquire('z', never);
      const { admitted, held, join } = line(leases);
      for (const [index, owner] of owners.entries()) join(owner, `${owner}${index}`);
      first.release();
      for (let turn = 0; turn < owners.length; turn += 1) {
        await settled();
        held.get(admitted.at(-1) ?? '')?.release();
        const served = (owner: string) => admitted.filter((name) => name.startsWith(owner)).length;
        const waiting = ['a', 'b', 'c'].filter(
          (owner) => served(owner) < owners.filter((each) => each === owner).length,
        );
        const most = Math.max(...['a', 'b', 'c'].map(served));
        for (const owner of waiting) expect(most - served(owner)).toBeLessThanOrEqual(1);
      }
      expect(admitted).toHaveLength(owners.length);
    }),
  );
});

describe('under any sequence of arrivals, departures, releases and timeouts', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('arrive' as const), owner: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('leave' as const), pick: fc.nat() }),
    fc.record({ do: fc.constant('release' as const), pick: fc.nat() }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }),
  );

  it('never holds more than the limit, keeps order within owners, loses no place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 6 }),
        fc.array(step, { maxLength: 60 }),
        run,
      ),
      { numRuns: 150 },
    );
  });

  const run = async (
    maxConcurrency: number,
    queueLimit: number,
    steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  ) => {
    const { leases, clock } = setUp({ maxConcurrency, queueLimit, queueTimeoutMs: 1_000 });
    const world = new World(leases);
    for (const next of steps) {
      if (next.do === 'arrive') world.arrive(next.owner);
      else if (next.do === 'leave') world.leave(next.pick);
      else if (next.do === 'release') world.release(next.pick);
      else clock.advance(next.ms);
      await settled();
      expect(world.held.length).toBe(leases.stats().held);
      expect(leases.stats().held).toBeLessThanOrEqual(maxConcurrency);
      expect(leases.stats().queued).toBeLessThanOrEqual(queueLimit);
      if (leases.stats().queued > 0) expect(leases.stats().held).toBe(maxConcurrency);
    }
    for (const numbers of world.admittedByOwner.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    while (world.held.length > 0) {
      world.release(0);
      await settled();
    }
    expect(world.unexpected).toEqual([]);
    expect(leases.stats()).toEqual({ held: 0, queued: 0, draining: false });
    expect(clock.pending).toBe(0);
  };
});

/** Everybody who ever came to the queue. */
class World {
  readonly held: Lease[] = [];
  readonly unexpected: unknown[] = [];
  readonly admittedByOwner = new Map<string, number[]>();
  readonly #leaving: AbortController[] = [];
  readonly #leases: Leases;
  #arrivals = 0;

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  arrive(owner: string): void {
    const number = this.#arrivals++;
    const leaving = new AbortController();
    this.#leaving.push(leaving);
    void this.#wait(owner, number, leaving.signal);
  }

  async #wait(owner: string, number: number, signal: AbortSignal): Promise<void> {
    try {
      this.held.push(await this.#leases.acquire(owner, signal));
      this.admittedByOwner.set(owner, [...(this.admittedByOwner.get(owner) ?? []), number]);
    } catch (error) {
      if (!(error instanceof TurnError) || !['queue_full', 'queue_timeout', 'client_closed'].includes(error.code))
        this.unexpected.push(error);
    }
  }

  leave(pick: number): void {
    this.#leaving[pick % Math.max(1, this.#leaving.length)]?.abort();
  }

  release(pick: number): void {
    const [lease] = this.held.splice(pick % Math.max(1, this.held.length), 1);
    lease?.release();
  }
}
