/** One child process: one owner, one recorded reason for its end, and a way down that always works. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';

/** Why a process ended. The first reason counts; `crashed` is what nobody asked for. */
export type EndReason =
  | 'crashed'
  | 'spawn_failed'
  | 'aborted'
  | 'spent'
  | 'failed'
  | 'hung'
  | 'idle'
  | 'evicted'
  | 'superseded'
  | 'unused'
  | 'closing';

export interface End {
  readonly reason: EndReason;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Of the spawn, for `spawn_failed`: ENOENT, EACCES, ENOMEM, … */
  readonly errno?: string;
}

export interface SpawnRecipe {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

type Piped = ChildProcessByStdio<Writable, Readable, Readable>;

/** Time that a child has between its closed stdin, SIGTERM and SIGKILL. */
const GRACE_MS = 1_000;
const STDERR_TAIL = 2_000;

export class Child {
  readonly process: Piped;
  readonly ended: Promise<End>;
  #reason: EndReason | undefined;
  #stderr = '';

  /** In a group of its own: Ctrl-C in a terminal must not end answers that the server means to finish. */
  constructor({ command, args, cwd, env }: SpawnRecipe) {
    this.process = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.process.stdin.on('error', ignoreBrokenPipe);
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error: NodeJS.ErrnoException) => {
        if (this.process.pid === undefined) resolve({ reason: 'spawn_failed', code: null, signal: null, errno: error.code ?? error.message });
      });
      this.process.once('exit', (code, signal) => resolve({ reason: this.#reason ?? 'crashed', code, signal }));
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** The end of what the child wrote to stderr, for the log only. */
  get stderrTail(): string {
    return this.#stderr.replaceAll(/sk-ant-[\w-]+/g, 'sk-ant-…').trim();
  }

  /** Kills at once; its connections close with it. */
  kill(reason: EndReason): void {
    this.#reason ??= reason;
    this.#signal('SIGKILL');
  }

  /** Lets it finish what it writes (a refreshed login, say), then insists. */
  async end(reason: EndReason): Promise<void> {
    this.#reason ??= reason;
    this.process.stdin.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#endedWithin(GRACE_MS)) return;
      this.#signal(signal);
    }
    await this.ended;
  }

  #endedWithin(ms: number): Promise<boolean> {
    return Promise.race([this.ended.then(() => true), sleep(ms, false, { ref: false })]);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Gone between the check and the call: that is what was wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** A child that ends while something is written to it tells of its end by `ended`. */
const ignoreBrokenPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED' && error.code !== 'ECONNRESET') throw error;
};
