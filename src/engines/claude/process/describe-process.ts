/** A process as the owner of the server sees it. Nothing of what is said in its conversation. */
import type { EngineProcess } from '../../../turn/engine.ts';
import { residentBytes } from './child/memory.ts';
import type { HeldProcess } from './held-process.ts';

const STATES = { busy: 'running', idle: 'idle', suspended: 'waiting', ended: 'ending' } as const;

/** `now`: milliseconds of the clock of the pool. */
export const describeProcess = (process: HeldProcess, now: number): EngineProcess => {
  const { id, cli, state, model, held, pending, served, lastUsed } = process;
  const bytes = residentBytes(cli.child.pid);
  return {
    id: cli.child.pid ?? id,
    state: STATES[state],
    model,
    messages: held.length,
    waitingCalls: pending.size,
    turnsServed: served,
    stateSeconds: Math.max(0, Math.round((now - lastUsed) / 1000)),
    ...(bytes > 0 && { memoryBytes: bytes }),
  };
};
