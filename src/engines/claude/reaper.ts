/**
 * No child outlives its server. A child whose server was killed notices its closed stdin; one that does
 * not is found here: each child is noted in a file, and the next start ends those whose server is gone.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from './child.ts';

interface Note {
  readonly server: number;
  readonly serverStarted: string;
  readonly child: number;
  readonly childStarted: string;
}

export class Reaper {
  readonly #dir: string;
  readonly #self = { server: process.pid, serverStarted: startOf(process.pid) ?? '' };

  constructor(stateDir: string) {
    this.#dir = join(stateDir, 'children');
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
  }

  /** Ends children of servers that are no more; returns how many. */
  reap(): number {
    let reaped = 0;
    for (const file of readdirSync(this.#dir)) {
      const path = join(this.#dir, file);
      const note = readNote(path);
      if (note !== undefined && isAlive(note.server, note.serverStarted)) continue;
      // A process that began at another time is a stranger who was given the same id.
      if (note !== undefined && isAlive(note.child, note.childStarted)) {
        process.kill(-note.child, 'SIGKILL');
        reaped += 1;
      }
      rmSync(path, { force: true });
    }
    return reaped;
  }

  /** Notes a child until it has ended. */
  note(child: Child): void {
    const { pid } = child;
    const childStarted = pid === undefined ? undefined : startOf(pid);
    if (pid === undefined || childStarted === undefined) return;
    const path = join(this.#dir, `${process.pid}-${pid}.json`);
    writeFileSync(path, JSON.stringify({ ...this.#self, child: pid, childStarted } satisfies Note), { mode: 0o600 });
    void child.ended.then(() => rmSync(path, { force: true }));
  }
}

const readNote = (path: string): Note | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Note;
  } catch {
    // Half-written by a server that was killed just then; its child sees its stdin close.
    return undefined;
  }
};

const isAlive = (pid: number, started: string): boolean => started !== '' && startOf(pid) === started;

/** When a process began, in the system's own terms; undefined when there is none. */
const startOf = (pid: number): string | undefined => {
  try {
    if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    // proc(5): the fields after the name, which may hold spaces; the start time is the 22nd of all.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
};
