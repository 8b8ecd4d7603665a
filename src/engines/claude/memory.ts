/** How many processes the machine, or the container's limit, has room for. */
import { totalmem } from 'node:os';

/** What a process holds alone, with room for what its conversation adds. */
const BYTES_PER_PROCESS = 230 * 1024 * 1024;
const SHARE = 0.7;

export const defaultMaxProcesses = (constrained = process.constrainedMemory(), total = totalmem()): number => {
  const memory = constrained > 0 && constrained < total ? constrained : total;
  return Math.min(64, Math.max(2, Math.floor((memory * SHARE) / BYTES_PER_PROCESS)));
};
