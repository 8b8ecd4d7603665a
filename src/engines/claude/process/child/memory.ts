/** How many processes there may be, and how large one has grown. */
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What a process holds alone, with room for what its conversation adds. */
const BYTES_PER_PROCESS = 230 * 1024 * 1024;
const SHARE = 0.7;
/** One process may end while another starts. */
const LEAST = 2;

/** What the memory of the machine, or of the container, has room for. */
export const roomInMemory = (constrained = process.constrainedMemory(), total = totalmem()): number => {
  const memory = constrained > 0 && constrained < total ? constrained : total;
  return Math.max(LEAST, Math.floor((memory * SHARE) / BYTES_PER_PROCESS));
};

/**
 * What one person's conversations need: as many processes as the machine can drive at once, and some for those that
 * wait.
 */
export const comfortable = (cores = availableParallelism()): number => 2 * cores + 4;

/**
 * The most there may be: every turn that may run at once needs one. They are only started when turns do run at once.
 */
export const mostProcesses = (maxTurns: number, room = roomInMemory(), cores = availableParallelism()): number =>
  Math.min(room, Math.max(comfortable(cores), maxTurns));

/** 0 where the system does not report it (not Linux); a process is then replaced by its number of turns alone. */
export const residentBytes = (pid: number | undefined): number => {
  try {
    const [, resident = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return Number(resident) * 4096;
  } catch {
    return 0;
  }
};
