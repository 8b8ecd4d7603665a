import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyBudget, type Reservation } from '../../src/access/body-budget.ts';
import { settled } from '../http/scripted-engine.ts';
import { HandClock } from './hand-clock.ts';

const setUp = ({ waitMs = 10_000 } = {}) => {
  const clock = new HandClock();
  const budget = createBodyBudget({ maxBytes: 100, waitMs, clock });
  const order: string[] = [];
  const ask = async (owner: string, bytes: number, signal = new AbortController().signal) => {
    try {
      const room = await budget.reserve(owner, bytes, signal);
      order.push(`${owner} ${bytes}`);
      return room;
    } catch (error) {
      order.push(`${owner} ${(error as { code: string }).code}`);
      throw error;
    }
  };
  return { clock, budget, order, ask };
};

describe('the budget of bodies', () => {
  it('lets the rest wait until there is room, in their order', async () => {
    const { budget, ask, order, clock } = setUp();
    const first = await ask('a', 60);
    const waiting = [ask('b', 70), ask('c', 10), ask('d', 10)];
    await settled();
    expect(order).toEqual(['a 60']);
    expect(budget.stats()).toEqual({ heldBytes: 60, waiting: 3 });
    first.release();
    first.release();
    await Promise.all(waiting);
    expect(order.slice(1)).toEqual(['b 70', 'c 10', 'd 10']);
    expect(budget.stats()).toEqual({ heldBytes: 90, waiting: 0 });
    expect(clock.pending).toBe(0);
  });

  it('refuses who waited too long, and lets those behind in', async () => {
    const { ask, order, clock } = setUp();
    await ask('a', 60);
    const large = ask('b', 70);
    clock.advance(5_000);
    const small = ask('c', 10);
    clock.advance(5_000);
    await expect(large).rejects.toMatchObject({ code: 'server_busy', retryAfterSeconds: 5 });
    await small;
    expect(order).toEqual(['a 60', 'b server_busy', 'c 10']);
  });

  it('refuses at once where nobody may wait, and sets no timer', async () => {
    const { budget, ask, clock } = setUp({ waitMs: 0 });
    const first = await ask('a', 60);
    await expect(ask('b', 70)).rejects.toMatchObject({ code: 'server_busy' });
    expect([budget.stats().waiting, clock.pending]).toEqual([0, 0]);
    first.release();
    await ask('b', 70);
  });

  it('forgets a client that leaves', async () => {
    const { budget, ask, clock } = setUp();
    await ask('a', 90);
    const leaving = new AbortController();
    const waiting = ask('b', 20, leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client_closed' });
    await expect(ask('b', 1, leaving.signal)).rejects.toMatchObject({ code: 'client_closed' });
    expect(budget.stats()).toEqual({ heldBytes: 90, waiting: 0 });
    expect(clock.pending).toBe(0);
  });

  it('keeps a quarter from one owner, for the others', async () => {
    const { ask, order } = setUp();
    await ask('a', 50);
    const second = ask('a', 40);
    await ask('b', 25);
    expect(order).toEqual(['a 50', 'b 25']);
    void second.catch(() => undefined);
  });

  it('takes a body that is larger than all the room, alone', async () => {
    const { ask, order } = setUp();
    const large = await ask('a', 500);
    const next = ask('b', 1);
    await settled();
    expect(order).toEqual(['a 500']);
    large.release();
    await next;
  });

  it('gives back what a body did not need', async () => {
    const { ask, order } = setUp();
    const chunked = await ask('a', 100);
    const next = ask('b', 80);
    await settled();
    expect(order).toEqual(['a 100']);
    chunked.shrinkTo(20);
    await next;
  });

  it('never holds more, and ends empty, whatever comes', async () => {
    const step = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.integer({ min: 0, max: 90 }),
      release: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { budget, clock } = setUp();
        const held: Reservation[] = [];
        const asked = steps.map(async ({ owner, bytes, release }) => {
          await budget
            .reserve(owner, bytes, new AbortController().signal)
            .then((room) => void held.push(room))
            .catch(() => undefined);
          expect(budget.stats().heldBytes).toBeLessThanOrEqual(100);
          if (release) held.shift()?.release();
        });
        await settled();
        while (budget.stats().waiting > 0 && held.length > 0) {
          held.shift()?.release();
          await settled();
        }
        await Promise.all(asked);
        for (const room of held) room.release();
        expect(budget.stats()).toEqual({ heldBytes: 0, waiting: 0 });
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
