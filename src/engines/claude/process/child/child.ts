/** One child process: one owner, one recorded reason for its end, and an end that always works. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { TurnError } from '../../../../turn/errors.ts';
import { systemClock } from '../../../../util/clock.ts';
import { timedOut, within } from '../../../../util/timer.ts';

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
  /** Why the child's own folder could not be removed. */
  readonly leftBehind?: string;
}

export interface SpawnRecipe {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A folder that was made for this one child and goes with it. */
  readonly ownDir?: string;
}

type Piped = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Time that a child has between its closed stdin, SIGTERM and SIGKILL, and between the end of its output and its own.
 */
const GRACE_MS = 1_000;
const STDERR_TAIL = 2_000;

export class Child {
  readonly process: Piped;
  readonly recipe: SpawnRecipe;
  /** Resolves, never rejects, when the process is gone, and its own folder with it. */
  readonly ended: Promise<End>;
  #reason: EndReason | undefined;
  #stderr = '';

  /** Throws `engine_unavailable` when the system has no room for a process; a missing program shows in `ended`. */
  constructor(recipe: SpawnRecipe) {
    const { promise, resolve } = Promise.withResolvers<End>();
    this.recipe = recipe;
    this.ended = promise.then((end) => this.#cleared(end));
    this.process = spawnPiped(recipe);
    this.process.on('error', (error: NodeJS.ErrnoException) => {
      if (this.process.pid === undefined)
        resolve({ reason: 'spawn_failed', code: null, signal: null, errno: error.code ?? error.message });
    });
    this.process.once('exit', (code, signal) => resolve({ reason: this.#reason ?? 'crashed', code, signal }));
    // Nothing more can come from it; the SDK would wait for its end for ever.
    this.process.stdout.once('close', () => void this.mustEnd());
    // What cannot be written any more shows as the end of the child, or of its answers.
    this.process.stdin.on('error', () => undefined);
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Whether somebody has asked for its end. */
  get leaving(): boolean {
    return this.#reason !== undefined;
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
      if (await this.endsSoon()) return;
      this.#signal(signal);
    }
    await this.ended;
  }

  /** For a child that can serve no more. One that crashed is known to have ended a moment after it shows. */
  async mustEnd(): Promise<void> {
    if (!(await this.endsSoon())) this.kill('failed');
  }

  async endsSoon(): Promise<boolean> {
    return (await within(this.ended, GRACE_MS, systemClock)) !== timedOut;
  }

  #cleared(end: End): End {
    try {
      if (this.recipe.ownDir !== undefined) rmSync(this.recipe.ownDir, { recursive: true, force: true, maxRetries: 3 });
      return end;
    } catch (error) {
      return { ...end, leftBehind: String(error) };
    }
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Gone between the check and the call (macOS says EPERM of a group of zombies): that is what was wanted.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ESRCH' && code !== 'EPERM') throw error;
    }
  }
}

/** In a group of its own: Ctrl-C in a terminal must not end answers that the server means to finish. */
const spawnPiped = ({ command, args, cwd, env }: SpawnRecipe): Piped => {
  let child: Piped;
  try {
    child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  } catch (cause) {
    throw noRoom((cause as NodeJS.ErrnoException).code ?? String(cause), cause);
  }
  // Out of file descriptors, Node returns a child without pipes and says why by an event.
  const { stdin } = child as { readonly stdin: Writable | null | undefined };
  if (stdin === null || stdin === undefined) {
    child.on('error', () => undefined);
    throw noRoom('EMFILE');
  }
  return child;
};

const noRoom = (errno: string, cause?: unknown): TurnError =>
  new TurnError('engine_unavailable', `Claude Code could not be started (${errno}).`, { cause });
