/** Many ends of many kinds, and nothing of them is left in the server: handles, listeners, rejections. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Message } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, patiently, until } from './ends-support.ts';
import { run, startLab, turnOf, type Lab } from './support.ts';

const hello: Message[] = [{ role: 'user', content: 'Hello' }];
/** Handles of processes and of their pipes that keep the server busy. */
const handles = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap' || name === 'PipeWrap');

let lab: Lab;
const alarms: unknown[] = [];
const alarm = (what: unknown): void => void alarms.push(what);
beforeEach(() => {
  for (const event of ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning']) process.on(event, alarm);
});
afterEach(async () => {
  for (const event of ['unhandledRejection', 'uncaughtExceptionMonitor', 'warning']) process.off(event, alarm);
  await lab.close();
});

const kill = (): void => {
  for (const pid of childrenOf(lab)) process.kill(pid, 'SIGKILL');
};
/** Each leaves a process behind in another way. */
const ends: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  behave: async (signal) => {
    await run(lab, turnOf({ messages: hello }), signal);
    kill();
  },
  hang: async (signal) => {
    await failureOf(run(lab, turnOf({ messages: hello }), AbortSignal.any([signal, AbortSignal.timeout(100)])));
  },
  'crash-after-first-delta': (signal) => failureOf(run(lab, turnOf({ messages: hello }), signal)),
  'crash-before-first-delta': (signal) => failureOf(run(lab, turnOf({ messages: hello }), signal)),
  'exit-at-start': (signal) => failureOf(run(lab, turnOf({ messages: hello }), signal)),
  'print-garbage': async (signal) => {
    const events = lab.engine.run(turnOf({ messages: hello }), signal);
    await until(events, 'message_start');
    await events.return(undefined);
  },
};

it('nothing is left after many ends', async () => {
  const before = handles();
  lab = await startLab({ executable: fixture('behave'), spares: 1 });
  const client = new AbortController();
  const cycle = async (name: string): Promise<void> => {
    lab.restart({ executable: fixture(name), spares: 1, controlTimeoutMs: 60_000 });
    for (let i = 0; i < 6; i += 1) await ends[name]?.(client.signal);
    await lab.engine.close();
  };
  // Once before, for what Node and the SDK keep for good.
  for (const name of Object.keys(ends)) await cycle(name);
  const listeners = process.listenerCount('exit');
  for (const name of Object.keys(ends)) await cycle(name);

  expect(getEventListeners(client.signal, 'abort')).toEqual([]);
  expect(process.listenerCount('exit')).toBe(listeners);
  await expect.poll(handles, patiently).toEqual(before);
  expect(childrenOf(lab)).toEqual([]);
  expect(alarms).toEqual([]);
});
