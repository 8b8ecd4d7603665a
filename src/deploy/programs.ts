/**
 * Other programs, started so that no secret is ever an argument: arguments can be read by every user of the machine.
 */
import { spawn } from 'node:child_process';

export interface Ran {
  /** 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** The program opens its input as the file /dev/stdin. */
  readonly inputAsFile?: boolean;
  /** Gets its output as it comes. */
  readonly show?: (text: string) => void;
  /** The directory it works in. */
  readonly cwd?: string;
  /** Beyond the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<Ran>;

export const runProgram: Run = (program, args, { input, inputAsFile = false, show, cwd, env } = {}) =>
  new Promise((resolve) => {
    const [command, ...rest] = inputAsFile ? behindPipe(program, args) : [program, ...args];
    const child = spawn(command, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        show?.(text);
      });
    }
    child.on('error', (error) => resolve({ code: 127, ...output, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, ...output }));
    // A program that does not read its input closes it; what it has to say is in its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });

/**
 * Node gives a child a socket, which cannot be opened as a file; the shell's pipe can. Nothing is written to a disk.
 */
const behindPipe = (program: string, args: readonly string[]): readonly [string, ...string[]] => [
  '/bin/sh',
  '-c',
  'command -v "$1" > /dev/null || exit 127; /bin/cat | "$@"',
  'sh',
  program,
  ...args,
];
