import { describe, expect, it } from 'vitest';
import { createLeases } from '../../src/access/leases.ts';
import { runTurn } from '../../src/http/run-turn.ts';
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
  const events = runTurn(turn, client.signal, {
    engine,
    leases,
    clock,
    log,
    settings: { turnTimeoutMs: 60_000, stallAlarmMs: 5_000 },
  });
  return { clock, engine, leases, client, events, warnings };
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
});
