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

export class Lifeline {
  #shell: { readonly process: ChildProcess; readonly input: Socket | undefined } | undefined;
  readonly #lost: (error: Error) => void;

  /** `lost` is called when there can be no shell, or no longer; children then still notice the end of their input. */
  constructor(lost: (error: Error) => void) {
    this.#lost = lost;
  }

  /** Ties the life of a child to this server's. */
  tie({ pid, ended }: Pick<Child, 'pid' | 'ended'>): void {
    if (pid === undefined) return;
    const { input } = (this.#shell ??= this.#start());
    input?.write(`began ${pid}\n`);
    void ended.then(() => input?.write(`ended ${pid}\n`));
  }

  async close(): Promise<void> {
    if (this.#shell === undefined) return;
    const { process, input } = this.#shell;
    const gone = process.exitCode === null && process.signalCode === null ? once(process, 'close') : undefined;
    input?.end();
    // The shell keeps no server alive, so the wait for its end must.
    const awake = setInterval(() => undefined, 1_000);
    await gone;
    clearInterval(awake);
  }

  #start(): { process: ChildProcess; input: Socket | undefined } {
    // In a group of its own, as the children are: Ctrl-C must not end it first.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.on('error', this.#lost);
    // Out of file descriptors, Node returns a child without pipes and says why by an event.
    const input = shell.stdin as Socket | undefined;
    input?.on('error', this.#lost);
    // Neither may keep the server alive.
    shell.unref();
    input?.unref();
    return { process: shell, input };
  }
}
