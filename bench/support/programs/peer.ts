/**
 * Another program's server, in a process group of its own that ends with this process:
 * BENCH_COMMAND is its command line as a JSON list, BENCH_URL where it will listen.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAlone } from './parent.ts';

const START_MS = 90_000;

await untilAlone(async () => {
  const { BENCH_COMMAND: json = '[]', BENCH_URL: url = '', ...env } = process.env;
  const [command = '', ...args] = JSON.parse(json) as string[];
  const child = spawn(command, args, { env, cwd: env['HOME'], stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    // The whole group: some leave their own children behind.
    if (child.pid !== undefined) killGroup(child.pid);
    await ended;
  };
  process.once('exit', () => void (child.pid !== undefined && killGroup(child.pid)));
  await Promise.race([
    listening(url),
    ended.then(([code]) => Promise.reject(new Error(`it ended at its start with code ${code}`))),
  ]);
  return { url, close, ...(child.pid !== undefined && { pid: child.pid }) };
});

async function listening(url: string): Promise<void> {
  for (const until = performance.now() + START_MS; performance.now() < until;) {
    try {
      await fetch(url);
      return;
    } catch {
      // Nobody listens yet.
      await sleep(100);
    }
  }
  throw new Error(`it did not listen on ${url} within ${START_MS / 1000} s`);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing of it is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
