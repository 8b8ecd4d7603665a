/**
 * A shell that outlives the server by a moment. It knows the children that run; when the server is gone, also by
 * `kill -9`, its input ends, and it kills them before they can ask the API for anything that nobody would read.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Child } from './child.ts';

/** Lines are `began PID` and `ended PID`; each child leads a process group of its own. */
const SCRIPT = `
running=
while read -r what pid; do
  case $what in
    began) running="$running $pid" ;;
    ended)
      others=
      for one in $running; do [ "$one" = "$pid" ] || others="$others $one"; done
      running=$others ;;
  esac
done
for one in $running; do kill -9 "-$one"; done
`;

interface Shell {
  readonly process: ChildProcess;
  readonly input: Socket | undefined;
}

export class Lifeline {
  #shell: Shell | undefined;
  readonly #running = new Set<number>();
  readonly #lost: (error: Error) => void;
  #closed = false;

  /**
   * `lost` is called when there can be no shell, or no longer; the next child gets another one, which knows them all.
   */
  constructor(lost: (error: Error) => void) {
    this.#lost = lost;
  }

  /** Ties the life of a child to this server's. */
  tie({ pid, ended }: Pick<Child, 'pid' | 'ended'>): void {
    if (pid === undefined) return;
    this.#running.add(pid);
    const known = this.#shell?.input?.write(`began ${pid}\n`);
    if (known === undefined) this.#shell = this.#start();
    void ended.then(() => {
      this.#running.delete(pid);
      this.#shell?.input?.write(`ended ${pid}\n`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#shell === undefined) return;
    const { process, input } = this.#shell;
    const gone = process.exitCode === null && process.signalCode === null ? once(process, 'close') : undefined;
    input?.end();
    // The shell keeps no server alive, so the wait for its end must.
    const awake = setInterval(() => undefined, 1_000);
    await gone;
    clearInterval(awake);
  }

  #start(): Shell {
    // In a group of its own, as the children are: Ctrl-C must not end it first.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.on('error', (error) => this.#end(shell, error));
    // Its input closes without an error where nothing is written at that moment.
    shell.once('exit', () => this.#end(shell, new Error('the shell that waits for it has ended')));
    // Out of file descriptors, Node returns a child without pipes and says why by an event.
    const input = shell.stdin as Socket | undefined;
    input?.on('error', () => undefined);
    // Neither may keep the server alive.
    shell.unref();
    input?.unref();
    for (const pid of this.#running) input?.write(`began ${pid}\n`);
    return { process: shell, input };
  }

  #end(shell: ChildProcess, error: Error): void {
    if (this.#closed || this.#shell?.process !== shell) return;
    this.#shell = undefined;
    this.#lost(error);
  }
}
