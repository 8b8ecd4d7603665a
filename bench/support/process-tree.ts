/** CPU and memory of a process and everything below it, as proc(5) tells them. Linux only. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sum } from './statistics.ts';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Own CPU time, and that of children that have ended and been waited for; milliseconds. */
  readonly ownMs: number;
  readonly endedChildrenMs: number;
}

/** All processes at or below `root`, the root first; empty when it is gone. */
export const treeOf = (root: number): readonly Stat[] => {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const tree: Stat[] = all.filter(({ pid }) => pid === root);
  // Grows while it is walked: each process found brings its children.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
};

/** CPU milliseconds that the processes have used so far, children that have ended included. */
export const cpuMs = (root: number): number =>
  sum(treeOf(root).map(({ ownMs, endedChildrenMs }) => ownMs + endedChildrenMs));

/** CPU milliseconds of the root itself. */
export const ownCpuMs = (root: number): number => readStat(root)?.ownMs ?? 0;

/** Bytes of memory, shared pages divided among those who share them. */
export const pssBytes = (root: number): number => sum(treeOf(root).map(({ pid }) => pssOf(pid)));

/** Bytes of memory, shared pages counted for everyone who has them: cheap to read, and too much. */
export const rssBytes = (root: number): number =>
  sum(treeOf(root).map(({ pid }) => Number(read(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0) * PAGE_BYTES));

export const pssOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0) * 1024;

/** Waits until none of the trees uses CPU: what is prepared in the background has been prepared. */
export const untilQuiet = async (...roots: readonly number[]): Promise<void> => {
  const used = (): number => sum(roots.map(cpuMs));
  let before = used();
  for (let quiet = 0, tries = 0; quiet < 2 && tries < 200; tries += 1) {
    await sleep(100);
    const now = used();
    // One tick is what a timer of an idle process costs.
    quiet = now - before <= 1000 / TICKS_PER_SECOND ? quiet + 1 : 0;
    before = now;
  }
};

const readStat = (pid: number): Stat | undefined => {
  // The fields after the name, which may hold spaces and brackets; utime is the 14th of all.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  if (fields === undefined) return undefined;
  const ms = (first: number): number => (((fields[first] ?? 0) + (fields[first + 1] ?? 0)) * 1000) / TICKS_PER_SECOND;
  return { pid, parent: fields[1] ?? 0, ownMs: ms(11), endedChildrenMs: ms(13) };
};

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended meanwhile.
    return undefined;
  }
};
