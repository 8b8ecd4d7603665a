import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Lifeline } from '../../../../src/engines/claude/process/child/lifeline.ts';
import { isRunning, patiently } from '../ends-support.ts';

/** Process groups of their own, as children have. */
const sleeper = (): { pid: number; ended: Promise<never>; kill: () => void } => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  const { pid = 0 } = child;
  return { pid, ended: once(child, 'exit') as Promise<never>, kill: () => void child.kill('SIGKILL') };
};
/** 0 until the child that is to be the shell has become one. */
const shellOf = (pid: number): number =>
  Number(
    /(\d+) sh$/m.exec(execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(pid)], { encoding: 'utf8' }))?.[1] ?? 0,
  );

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

it('a lifeline that was killed is reported, hurts nobody, and is replaced for the children that still run', async () => {
  const children = [sleeper(), sleeper(), sleeper()];
  const lost: string[] = [];
  const lifeline = new Lifeline((error) => lost.push(error.message));
  lifeline.tie(children[0]!);
  lifeline.tie(children[1]!);
  await expect.poll(() => shellOf(process.pid), patiently).toBeGreaterThan(0);
  process.kill(shellOf(process.pid), 'SIGKILL');
  await expect.poll(() => lost.length, patiently).toBe(1);
  expect(children.map(({ pid }) => isRunning(pid))).toEqual([true, true, true]);
  children[1]!.kill();
  await children[1]!.ended;
  // The next one brings another shell, which knows the first as well.
  lifeline.tie(children[2]!);
  await lifeline.close();
  await expect.poll(() => children.map(({ pid }) => isRunning(pid)), patiently).toEqual([false, false, false]);
  expect(lost).toHaveLength(1);
});
