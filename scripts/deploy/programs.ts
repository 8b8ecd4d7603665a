/** Other programs, started so that no secret is ever an argument: arguments can be read by every user of the machine. */
import { spawn } from 'node:child_process';

export interface Ran {
  /** 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Show its output as it comes. */
  readonly show?: boolean;
  /** Beyond the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<Ran>;

export const runProgram: Run = (program, args, { input, show = false, env } = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        if (show) process[name].write(text);
      });
    }
    child.on('error', (error) => resolve({ code: 127, ...output, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, ...output }));
    // A program that does not read its input closes it; what it has to say is in its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
