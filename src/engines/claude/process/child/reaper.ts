/**
 * No child outlives its server for long. What the lifeline could not end (it was killed as well, or the machine
 * lost power) is found here: each child is noted in a file, and the next start ends those whose server is gone.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from './child.ts';

interface Note {
  readonly server: number;
  readonly serverStarted: string;
  readonly child: number;
  readonly childStarted: string;
  /** The child's own folder, which may hold a copy of the login. */
  readonly ownDir?: string;
}

export class Reaper {
  readonly #dir: string;
  readonly #self = { server: process.pid, serverStarted: startOf(process.pid) ?? '' };

  readonly #notRemoved: (error: unknown) => void;

  /** `notRemoved` is called when the note of a child that has ended cannot be removed; the next start does it. */
  constructor(stateDir: string, notRemoved: (error: unknown) => void = () => undefined) {
    this.#notRemoved = notRemoved;
    this.#dir = join(stateDir, 'children');
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
  }

  /** Ends children of servers that are no more, and removes what they left; returns how many were ended. */
  reap(): number {
    let reaped = 0;
    for (const file of readdirSync(this.#dir).filter((name) => name.endsWith('.json'))) {
      const path = join(this.#dir, file);
      const note = readNote(path);
      if (note === undefined || isAlive(note.server, note.serverStarted)) continue;
      // A process that began at another time is a stranger who was given the same id.
      if (isAlive(note.child, note.childStarted) && killGroup(note.child)) reaped += 1;
      if (note.ownDir !== undefined) rmSync(note.ownDir, { recursive: true, force: true, maxRetries: 3 });
      rmSync(path, { force: true });
    }
    return reaped;
  }

  /** Notes a child until it has ended. */
  note(child: Child): void {
    const { pid, recipe } = child;
    const childStarted = pid === undefined ? undefined : startOf(pid);
    if (pid === undefined || childStarted === undefined) return;
    const path = join(this.#dir, `${process.pid}-${pid}.json`);
    const note: Note = {
      ...this.#self,
      child: pid,
      childStarted,
      ...(recipe.ownDir !== undefined && { ownDir: recipe.ownDir }),
    };
    // Whole or not at all: another server may be reading.
    writeFileSync(`${path}.new`, JSON.stringify(note), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    child.ended.then(() => rmSync(path, { force: true })).catch(this.#notRemoved);
  }
}

/** Undefined for a note that its server removes just now, or that a power cut left empty: it is removed. */
const readNote = (path: string): Note | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Note;
  } catch {
    rmSync(path, { force: true });
    return undefined;
  }
};

const killGroup = (leader: number): boolean => {
  try {
    return process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It ended between the look and the kill.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

const isAlive = (pid: number, started: string): boolean => started !== '' && startOf(pid) === started;

/** When a process began, in the system's own terms; undefined when there is none. */
const startOf = (pid: number): string | undefined => {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    // proc(5): the fields after the name, which may hold spaces; the start time, counted from the boot, is the 22nd of
    // all.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : `${fields[19]} after boot ${bootId()}`;
  } catch {
    return undefined;
  }
};

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
