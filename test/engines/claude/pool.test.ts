/** Capacity: how many processes there are, who waits, and who has to go. With little programs, which start fast. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaudeEngineOptions } from '../../../src/engines/claude/engine.ts';
import type { Message } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, goOn, isRunning, patiently } from './ends-support.ts';
import { run, startLab, turnOf, type Lab, type Ran } from './support.ts';

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
    const thinking: Message = {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
        { type: 'text', text: 'Hi' },
      ],
    };
    const requests = Array.from({ length: 24 }, (_, i) => {
      const text = `client ${i}`;
      const messages: Message[] = i % 3 === 0 ? [...say('before'), thinking, ...say(text)] : say(text);
      return run(lab, turnOf({ system: `prompt ${i % 5}`, messages }));
    });
    const answers = await Promise.all(requests);
    expect(answers.map(({ text }) => text)).toEqual(answers.map((_, i) => `client ${i}`));
    expect(new Set(answers.map(({ route }) => route))).toEqual(new Set(['start', 'resume']));
    expect(mostSeen).toBeGreaterThan(1);
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
    await start({ maxProcesses: 1, spares: 0, executable: fixture('hang') });
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
    await expect.poll(() => gauges()['ended_aborted'], patiently).toBe(3);
    expect(gauges()['processes']).toBe(0);
  });

  it('refuses those who wait when it closes', async () => {
    await start({ maxProcesses: 1, spares: 0, executable: fixture('hang') });
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

  it('lets the conversation go that was used least recently', async () => {
    await start({ maxProcesses: 3, spares: 0 });
    const held: { messages: Message[]; ran: Ran }[] = [];
    for (const name of ['a', 'b', 'c']) {
      const messages = say(name);
      held.push({ messages, ran: await run(lab, turnOf({ system: name, messages })) });
    }
    const next = async (index: number): Promise<string | undefined> => {
      const { messages, ran } = held[index] ?? { messages: [], ran: undefined };
      if (ran === undefined) throw new Error('no such conversation');
      const more = goOn(messages, ran, 'more');
      const answer = await run(lab, turnOf({ system: ['a', 'b', 'c'][index] ?? '', messages: more }));
      held[index] = { messages: more, ran: answer };
      return answer.route;
    };
    expect(await next(0)).toBe('continue');
    // The oldest is now b.
    await run(lab, turnOf({ system: 'd', messages: say('d') }));
    expect(await next(0)).toBe('continue');
    expect(await next(2)).toBe('continue');
    expect(await next(1)).toBe('fresh');
    await expect.poll(() => gauges()['ended_evicted'], patiently).toBe(2);
  });

  it('ends conversations that nobody came back to', async () => {
    await start({ maxProcesses: 3, spares: 0, idleTtlMs: 0 });
    await run(lab, turnOf({ messages: say('a') }));
    await expect.poll(() => gauges(), patiently).toMatchObject({ sessions_idle: 0, ended_idle: 1 });
  });

  it('replaces a spare as it is taken, and keeps a process for a prompt that comes again', async () => {
    await start({ maxProcesses: 8, spares: 1 });
    await lab.engine.warmUp();
    await expect.poll(() => gauges()['processes_ready'], patiently).toBe(2);
    for (const text of ['a', 'b']) await run(lab, turnOf({ system: 'an agent', messages: say(text) }));
    // The first process waited for a request without a prompt, and gives its place to one for the agent.
    await expect.poll(() => gauges(), patiently).toMatchObject({ processes_ready: 2, ended_unused: 1 });
    await run(lab, turnOf({ system: 'an agent', messages: say('c') }));
    await expect.poll(() => gauges(), patiently).toMatchObject({ processes_ready: 2, processes: 5 });
  });

  it.each([
    [
      'lets go, for a spare, of a conversation that was left alone',
      0,
      { processes_ready: 1, sessions_idle: 3, ended_evicted: 1 },
    ],
    [
      'keeps a conversation that was just used, though there is no room for a spare',
      60_000,
      { processes_ready: 0, sessions_idle: 4 },
    ],
  ])('%s', async (_, quietMs, expected) => {
    await start({ maxProcesses: 4, spares: 1, quietMs });
    for (const name of ['a', 'b', 'c', 'd']) await run(lab, turnOf({ system: name, messages: say(name) }));
    // Long enough for a few refills.
    await new Promise((resolve) => void setTimeout(resolve, 1_000));
    await expect.poll(gauges, patiently).toMatchObject(expected);
    expect(gauges()['processes']).toBe(4);
    expect(gauges()['sessions_running']).toBe(0);
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
