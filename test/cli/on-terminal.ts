/** A command on a real terminal, by `script` of util-linux: what it shows, and keys that answer it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

export interface OnTerminal {
  /** Waits until it shows these words behind what was waited for before. Throws after a minute, or when it has ended. */
  until(words: string): Promise<void>;
  press(keys: string): void;
  /** Everything so far, without escapes. */
  shown(): string;
  /** With escapes. */
  raw(): string;
  /** Ctrl-C, and then the end; resolves to the exit code. */
  end(): Promise<number | null>;
  readonly exit: Promise<number | null>;
}

const LIMIT_MS = 60_000;

export const onTerminal = (
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): OnTerminal => {
  // A new terminal has no width, and a prompt would be wrapped at every letter.
  const words = [process.execPath, resolve('src/cli/main.mjs'), ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols 150 rows 50; exec ${words}`, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm', HOME: cwd, UPGRADE_NOTICE: '0', ...env },
  });
  let output = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const until = async (wanted: string): Promise<void> => {
    for (const limit = Date.now() + LIMIT_MS; ;) {
      const found = stripVTControlCharacters(output).indexOf(wanted, seen);
      if (found >= 0) return void (seen = found + wanted.length);
      if (child.exitCode !== null || Date.now() > limit) throw new Error(`It never showed ${wanted}, but:\n${output}`);
      await new Promise((wake) => setTimeout(wake, 20));
    }
  };
  const press = (keys: string): void => void child.stdin.write(keys);
  return {
    until,
    press,
    shown: () => stripVTControlCharacters(output),
    raw: () => output,
    end: async () => {
      if (child.exitCode === null) press('\u0003');
      const kill = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS / 2);
      await exit;
      clearTimeout(kill);
      return exit;
    },
    exit,
  };
};
