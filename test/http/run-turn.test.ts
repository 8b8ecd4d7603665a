import { describe, expect, it, vi } from 'vitest';
import { createLeases } from '../../src/access/leases.ts';
import { countTurn, runTurn } from '../../src/http/answer/run-turn.ts';
import { TurnError } from '../../src/turn/errors.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import type { Turn } from '../../src/turn/turn.ts';
import { HandClock } from '../access/hand-clock.ts';
import { answer, delta, quietLog, ScriptedEngine, settled, silence, type Script } from './scripted-engine.ts';

const turn: Turn = { id: 'req_1', owner: 'local', request: { model: 'm', max_tokens: 1, messages: [] }, betas: [] };

const setUp = (script?: Script) => {
  const clock = new HandClock();
  const engine = new ScriptedEngine(script);
  const leases = createLeases({ maxConcurrency: 1, queueLimit: 1, queueTimeoutMs: 1_000, clock });
  const warnings: string[] = [];
  const log = {
    ...quietLog,
    warn: (_fields: object, text: string) => void warnings.push(text),
    error: (_fields: object, text: string) => void warnings.push(text),
  };
  const client = new AbortController();
  const settings = { turnTimeoutMs: 60_000, stallAlarmMs: 5_000 };
  const services = { engine, leases, clock, log, settings };
  const events = runTurn(turn, client.signal, services);
  return { clock, engine, leases, client, services, events, warnings };
};

const all = async (events: AsyncIterable<TurnEvent>) => {
  const read: TurnEvent[] = [];
  for await (const event of events) read.push(event);
  return read;
};

describe('running a turn', () => {
  it('yields what the engine yields and gives the lease back', async () => {
    const { events, leases, clock } = setUp();
    expect(await all(events)).toEqual(await all(answer('Hello')));
    await settled();
    expect(leases.stats().held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('passes an error of the engine on and gives the lease back', async () => {
    const { events, leases } = setUp(async function* () {
      yield delta('x');
      throw new TurnError('upstream_overloaded', 'busy');
    });
    await expect(all(events)).rejects.toMatchObject({ code: 'upstream_overloaded' });
    await settled();
    expect(leases.stats().held).toBe(0);
  });

  it('aborts the engine when the client leaves, and holds the lease until the engine has let go', async () => {
    const { promise: mayLetGo, resolve: letGo } = Promise.withResolvers<void>();
    const { events, leases, client, engine } = setUp(async function* () {
      yield delta('x');
      await mayLetGo;
    });
    await events.next();
    const next = events.next();
    await settled();
    client.abort();
    await expect(next).rejects.toMatchObject({ code: 'client_closed' });
    await settled();
    expect(leases.stats().held).toBe(1);
    letGo();
    await settled();
    expect(engine.running).toBe(0);
    expect(leases.stats().held).toBe(0);
  });

  it('gives the lease back also when nobody reads on', async () => {
    const { events, leases, client, engine } = setUp(async function* (_turn, signal) {
      yield delta('x');
      yield* silence(turn, signal);
    });
    await events.next();
    client.abort();
    await settled();
    expect(engine.running).toBe(0);
    expect(leases.stats().held).toBe(0);
  });

  it('ends the engine when the reader stops early', async () => {
    const { events, leases, engine } = setUp(() => answer('one two three'));
    await events.next();
    await events.return(undefined);
    await settled();
    expect(engine.running).toBe(0);
    expect(leases.stats().held).toBe(0);
  });

  it('fails at the deadline', async () => {
    const { events, leases, clock } = setUp(silence);
    const next = events.next();
    await settled();
    clock.advance(60_000);
    await expect(next).rejects.toMatchObject({ code: 'turn_timeout' });
    await settled();
    expect(leases.stats().held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('warns about silence, once for each silence', async () => {
    const { events, clock, warnings, client } = setUp(silence);
    const next = events.next();
    await settled();
    clock.advance(20_000);
    expect(warnings).toEqual(['no event from the engine for a long time']);
    client.abort();
    await expect(next).rejects.toMatchObject({ code: 'client_closed' });
  });

  it('does not wait for ever for an engine that ignores its signal', async () => {
    const { events, leases, clock, client, warnings } = setUp(async function* () {
      yield delta('x');
      await new Promise(() => {});
    });
    await events.next();
    void events.next().catch(() => undefined);
    await settled();
    client.abort();
    await settled();
    expect(leases.stats().held).toBe(1);
    clock.advance(30_000);
    expect(leases.stats().held).toBe(0);
    expect(warnings.at(-1)).toContain('did not end an aborted turn');
  });

  it('waits in the queue first, and leaves it with the client', async () => {
    const { events, leases, client, engine } = setUp();
    const held = await leases.acquire('other', new AbortController().signal);
    const next = events.next();
    await settled();
    expect(leases.stats().queued).toBe(1);
    client.abort();
    await expect(next).rejects.toMatchObject({ code: 'client_closed' });
    held.release();
    expect(engine.turns).toHaveLength(0);
    expect(leases.stats()).toMatchObject({ held: 0, queued: 0 });
  });

  it('gives the lease back also when the engine throws at once', async () => {
    const { events, leases, clock, engine } = setUp();
    engine.run = () => {
      throw new TurnError('engine_unavailable', 'not today');
    };
    await expect(all(events)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await settled();
    expect(leases.stats().held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('sets no timer for an event', async () => {
    const { events, clock } = setUp(() => answer('one two three four five six seven eight'));
    const set = vi.spyOn(clock, 'after');
    await all(events);
    await settled();
    expect(set.mock.calls.length).toBeLessThan(5);
  });
});

describe('counting the tokens of a turn', () => {
  const count = (script: (signal: AbortSignal) => Promise<number>) => {
    const given = setUp();
    given.engine.countTokens = (_turn, signal) => script(signal);
    const { clock, engine, leases, client, services } = given;
    return { clock, engine, leases, client, counted: countTurn(turn, client.signal, services) };
  };
  const never = () => new Promise<number>(() => {});

  it('gives the lease back', async () => {
    const { counted, leases, clock } = count(() => Promise.resolve(7));
    expect(await counted).toBe(7);
    await settled();
    expect(leases.stats().held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('fails at the deadline, also where the engine ignores it, and then keeps its place for a while only', async () => {
    const { counted, leases, clock } = count(never);
    await settled();
    clock.advance(60_000);
    await expect(counted).rejects.toMatchObject({ code: 'turn_timeout' });
    await settled();
    expect(leases.stats().held).toBe(1);
    clock.advance(30_000);
    expect(leases.stats().held).toBe(0);
  });

  it('ends when the client leaves', async () => {
    let stopped = false;
    const { counted, client } = count((signal) => {
      signal.addEventListener('abort', () => (stopped = true));
      return never();
    });
    await settled();
    client.abort();
    await expect(counted).rejects.toMatchObject({ code: 'client_closed' });
    expect(stopped).toBe(true);
  });

  it('gives the lease back when the engine throws at once', async () => {
    const { counted, leases } = count(() => {
      throw new TurnError('engine_unavailable', 'not today');
    });
    await expect(counted).rejects.toMatchObject({ code: 'engine_unavailable' });
    await settled();
    expect(leases.stats().held).toBe(0);
  });
});
