/** Capacity: how many processes there are, who waits, and who has to go. With little programs, which start fast. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaudeEngineOptions } from '../../../../src/engines/claude/engine.ts';
import type { Message } from '../../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, goOn, isRunning, patiently } from '../ends-support.ts';
import { run, startLab, turnOf, type Lab, type Ran } from '../support.ts';

const say = (content: string): Message[] => [{ role: 'user', content }];

describe('the pool', () => {
  let lab: Lab;
  let mostSeen = 0;
  let watch: NodeJS.Timeout;
  beforeEach(() => {
    mostSeen = 0;
  });
  afterEach(async () => {
    clearInterval(watch);
    await lab.close();
  });
  const start = async (more: Partial<ClaudeEngineOptions>): Promise<void> => {
    lab = await startLab({ executable: fixture('behave'), ...more });
    watch = setInterval(() => (mostSeen = Math.max(mostSeen, childrenOf(lab).filter(isRunning).length)), 2);
  };
  const gauges = () => lab.engine.health().gauges;

  it('never exceeds its bound: first turns, replays and spares at once', async () => {
    await start({ maxProcesses: 4, spares: 2 });
    await lab.engine.warmUp();
    const requests = Array.from({ length: 24 }, (_, i) => {
      const text = `client ${i}`;
      const messages: Message[] =
        i % 3 === 0 ? [...say('before'), { role: 'assistant', content: 'Hi' }, ...say(text)] : say(text);
      return run(lab, turnOf({ ...(i % 5 > 0 && { system: `prompt ${i % 5}` }), messages }));
    });
    const answers = await Promise.all(requests);
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, i) => `client ${i}`));
    expect(mostSeen).toBeGreaterThan(0);
    expect(mostSeen).toBeLessThanOrEqual(4);
    expect(gauges()['processes']).toBeLessThanOrEqual(4);
  });

  it('serves those who wait in the order of their coming', async () => {
    await start({ maxProcesses: 1, spares: 0 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await run(lab, turnOf({ system: `prompt ${i}`, messages: say('Hello') }));
        order.push(i);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(mostSeen).toBe(1);
  });

  it('gives the place of one who left the queue to the next', async () => {
    await start({ maxProcesses: 1, spares: 0, executable: fixture('wait') });
    const clients = Array.from({ length: 5 }, () => new AbortController());
    const outcomes = clients.map(({ signal }, i) =>
      failureOf(run(lab, turnOf({ system: `prompt ${i}`, messages: say('Hello') }), signal)),
    );
    await expect.poll(() => gauges()['sessions_running'], patiently).toBe(1);
    for (const i of [1, 3]) clients[i]?.abort();
    for (const i of [0, 2, 4]) {
      await expect.poll(() => gauges(), patiently).toMatchObject({ processes: 1, sessions_running: 1 });
      clients[i]?.abort();
      await outcomes[i];
    }
    expect((await Promise.all(outcomes)).map(({ code }) => code)).toEqual(clients.map(() => 'client_closed'));
    // The one process was cut each time, and serves on.
    await expect.poll(() => gauges(), patiently).toMatchObject({ processes: 1, sessions_running: 0 });
    expect(gauges()['ended_aborted']).toBeUndefined();
  });

  it('refuses those who wait when it closes', async () => {
    await start({ maxProcesses: 1, spares: 0, executable: fixture('wait') });
    const outcomes = [1, 2, 3].map((i) =>
      failureOf(run(lab, turnOf({ system: `prompt ${i}`, messages: say('Hello') }))),
    );
    await expect.poll(() => gauges()['sessions_running'], patiently).toBe(1);
    await lab.engine.close();
    expect((await Promise.all(outcomes)).map(({ code }) => code)).toEqual(['draining', 'draining', 'draining']);
    expect(childrenOf(lab)).toEqual([]);
  });

  it('closes while processes are being started, and none is left', async () => {
    for (let round = 0; round < 8; round += 1) {
      await start({ maxProcesses: 8, spares: 2 });
      const outcomes = Array.from({ length: 6 }, (_, i) =>
        failureOf(run(lab, turnOf({ system: `prompt ${i}`, messages: say('Hello') }))),
      );
      await new Promise((resolve) => void setTimeout(resolve, round * 5));
      await lab.engine.close();
      for (const { code } of await Promise.all(outcomes)) expect(code).toBe('draining');
      expect(childrenOf(lab)).toEqual([]);
      clearInterval(watch);
      if (round < 7) await lab.close();
    }
  });

  it('gives a new conversation the process of one that had a single turn, then of the least recently used', async () => {
    await start({ maxProcesses: 3, spares: 2 });
    const talks = ['a', 'b', 'c'].map((system) => ({
      system,
      messages: say(system),
      ran: undefined as Ran | undefined,
    }));
    const next = async (index: number): Promise<string | undefined> => {
      const talk = talks[index];
      if (talk === undefined) throw new Error('no such conversation');
      if (talk.ran !== undefined) talk.messages = goOn(talk.messages, talk.ran, 'more');
      talk.ran = await run(lab, turnOf({ system: talk.system, messages: talk.messages }));
      return talk.ran.strategy;
    };
    // Each gets a process of its own: a spare is made ready while nothing runs.
    for (const index of [0, 1, 2]) {
      await next(index);
      await next(index);
      if (index < 2) await expect.poll(() => gauges()['processes_ready'], patiently).toBeGreaterThan(0);
    }
    expect(await next(0)).toBe('continue');
    // The least recently used is b.
    const once = await run(lab, turnOf({ system: 'd', messages: say('d') }));
    expect(once.strategy).toBe('fresh');
    expect([await next(0), await next(2)]).toEqual(['continue', 'continue']);
    // The newest of all, but of a single turn: it makes room for b.
    expect((await run(lab, turnOf({ system: 'e', messages: say('e') }))).strategy).toBe('fresh');
    expect([await next(1), await next(0), await next(2)]).toEqual(['fresh', 'continue', 'continue']);
    expect(gauges()).toMatchObject({ processes: 3 });
    expect(gauges()['ended_evicted']).toBeUndefined();
  });

  it('ends processes that nobody needs, down to two', async () => {
    await start({ maxProcesses: 4, spares: 0, idleTtlMs: 0 });
    await Promise.all(['a', 'b', 'c'].map((system) => run(lab, turnOf({ system, messages: say('[[slow]]') }))));
    await expect.poll(() => gauges()['processes'], patiently).toBeLessThanOrEqual(2);
    expect(gauges()['processes']).toBeGreaterThan(0);
  });

  it('starts no process beside a running turn that nobody waits for', async () => {
    await start({ maxProcesses: 8, spares: 1, executable: fixture('wait') });
    await lab.engine.warmUp();
    const before = childrenOf(lab);
    const running = new AbortController();
    const stream = lab.engine.run(turnOf({ messages: say('Hello') }), running.signal);
    await stream.next();
    await new Promise((resolve) => void setTimeout(resolve, 1_000));
    expect(childrenOf(lab)).toEqual(before);
    await stream.return(undefined);
  });

  it('replaces a process after a thousand turns, and its conversation goes on', { timeout: 120_000 }, async () => {
    await start({ maxProcesses: 1, spares: 0 });
    await lab.engine.warmUp();
    const [first] = childrenOf(lab);
    for (let turn = 0; turn < 1_000; turn += 1)
      await run(lab, turnOf({ system: `agent ${turn}`, messages: say(`hello ${turn}`) }));
    expect(childrenOf(lab)).toEqual([first]);
    expect((await run(lab, turnOf({ system: 'the next', messages: say('hello') }))).text).toBe('hello');
    expect(childrenOf(lab)).not.toContain(first);
    expect(gauges()).toMatchObject({ processes: 1 });
  });

  it('serves conversations one after the other on one process, and makes a second one ready', async () => {
    await start({ maxProcesses: 8, spares: 1 });
    await lab.engine.warmUp();
    for (let i = 0; i < 20; i += 1) await run(lab, turnOf({ system: `agent ${i}`, messages: say(`hello ${i}`) }));
    await new Promise((resolve) => void setTimeout(resolve, 1_000));
    expect(gauges()['processes']).toBeLessThanOrEqual(2);
    expect(mostSeen).toBeLessThanOrEqual(2);
  });

  it.each([
    ['RECYCLE is off', { recycle: false }],
    ['the CLI cannot cut', { executable: fixture('behave-without-rewind') }],
  ])('gives no process a second prompt or conversation where %s', async (_, options) => {
    await start({ maxProcesses: 3, spares: 1, ...options });
    for (const name of ['a', 'b', 'c', 'd']) {
      const first = await run(lab, turnOf({ system: name, messages: say(name) }));
      expect(first.strategy).toBe('start');
      const second = await run(lab, turnOf({ system: name, messages: goOn(say(name), first, 'more') }));
      expect(second.strategy).toBe('continue');
    }
    expect(gauges()['processes']).toBe(3);
    expect(gauges()['ended_evicted']).toBeGreaterThan(0);
  });

  it('does not start spares again and again that fall by themselves', async () => {
    await start({ maxProcesses: 4, spares: 2, executable: fixture('exit-at-start') });
    await failureOf(run(lab, turnOf({ messages: say('a') })));
    const attempts = gauges()['ended_crashed'] ?? 0;
    // Long enough for a dozen refills.
    await new Promise((resolve) => void setTimeout(resolve, 2_000));
    expect((gauges()['ended_crashed'] ?? 0) - attempts).toBeLessThanOrEqual(4);
    expect(gauges()['processes']).toBe(0);
  });
});
