/** `npm test`: every suite, and as the last line what came of it: `N passed, N failed`. Arguments go to vitest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Progress } from './test-progress.ts';

/** Minutes after which a run is ended from outside: one that hangs fails, and says in which file it hung. */
const LIMIT = Number(process.env.TEST_MINUTES ?? 30);
/** What the tests start inherits this variable, so that what they left behind can be found. */
const MARK = 'PROXY_TEST_RUN';

const dir = await mkdtemp(join(tmpdir(), 'test-report-'));
const path = join(dir, 'progress.jsonl');
const reporters = ['--reporter=default', `--reporter=${resolve('scripts/test-progress.ts')}`];
const color = process.stdout.isTTY ? ['--color'] : [];
const command = [resolve('node_modules/vitest/vitest.mjs'), 'run', ...color, ...reporters, ...process.argv.slice(2)];
const vitest = spawn(process.execPath, command, {
  // The output passes through here: what a test leaves behind cannot hold the output of the whole run open.
  stdio: ['ignore', 'pipe', 'pipe'],
  env: {
    ...process.env,
    [MARK]: dir,
    TEST_PROGRESS: path,
  },
});
// Who ends this process means the tests too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => vitest.kill(signal));
vitest.stdout.pipe(process.stdout);
vitest.stderr.pipe(process.stderr);

const code = await Promise.race([
  once(vitest, 'exit').then(([exitCode]) => exitCode as number | null),
  after(LIMIT * 60_000, undefined, { ref: false }).then(() => 'too late' as const),
]);
const lines = (await readFile(path, 'utf8').catch(() => ''))
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Progress);
const ended = lines.filter((line) => line.state === 'ended');
const unfinished = lines.map(({ file }) => file).filter((file) => !ended.some((end) => end.file === file));
if (code === 'too late') {
  vitest.kill('SIGKILL');
  console.log(`Not ended after ${LIMIT} minutes: ${unfinished.join(', ') || 'vitest itself'}`);
}

const left = await endLeftovers();
for (const each of left) console.log(`Left behind by a test: ${each}`);
await rm(dir, { recursive: true });

const sum = (key: 'passed' | 'failed') => ended.reduce((total, line) => total + line[key], 0);
const passed = sum('passed');
// Vitest can fail without a failed test: an error outside of all tests, or no tests at all.
const failed = code === 0 ? sum('failed') : Math.max(sum('failed'), 1);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Ends the processes that still live five seconds after the tests, and says what they were (on Linux only). */
async function endLeftovers(): Promise<string[]> {
  for (let tries = 0; tries < 10 && (await marked()).length > 0; tries++) await after(500);
  const found: string[] = [];
  for (const pid of await marked()) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    try {
      process.kill(pid, 'SIGKILL');
      found.push(`${pid} ${commandLine.replaceAll('\0', ' ').slice(0, 200)}`);
    } catch {
      // It has ended by itself in the meantime.
    }
  }
  return found;
}

async function marked(): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const environments = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => environments[at]?.includes(`${MARK}=${dir}`));
}
