import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Lifeline } from '../../../src/engines/claude/lifeline.ts';
import { isRunning, patiently } from './ends-support.ts';

/** Process groups of their own, as children have. */
const sleeper = (): { pid: number; ended: Promise<never>; kill: () => void } => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  const { pid = 0 } = child;
  return { pid, ended: once(child, 'exit') as Promise<never>, kill: () => void child.kill('SIGKILL') };
};
const shellOf = (pid: number): number =>
  Number(/(\d+) sh$/m.exec(execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(pid)], { encoding: 'utf8' }))?.[1]);

it('a closed lifeline ends the children that still run, and none that had ended before', async () => {
  const [first, second] = [sleeper(), sleeper()];
  const lifeline = new Lifeline((error) => expect.unreachable(error.message));
  lifeline.tie(first);
  lifeline.tie(second);
  first.kill();
  await first.ended;
  await lifeline.close();
  await expect.poll(() => isRunning(second.pid), patiently).toBe(false);
});

it('a lifeline that was killed is reported, and hurts neither server nor children', async () => {
  const children = [sleeper(), sleeper(), sleeper()];
  const lost: string[] = [];
  const lifeline = new Lifeline((error) => lost.push(error.message));
  lifeline.tie(children[0]!);
  const shell = shellOf(process.pid);
  process.kill(shell, 'SIGKILL');
  await expect.poll(() => isRunning(shell), patiently).toBe(false);
  await expect
    .poll(() => {
      lifeline.tie(children[1]!);
      return lost.length;
    }, patiently)
    .toBeGreaterThan(0);
  lifeline.tie(children[2]!);
  await lifeline.close();
  expect(children.map(({ pid }) => isRunning(pid))).toEqual([true, true, true]);
  for (const { kill } of children) kill();
});
