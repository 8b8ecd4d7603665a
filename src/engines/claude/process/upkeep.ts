/** Decides which idle processes end, and whether one more is made ready. Pure. */
import type { HeldProcess } from './held-process.ts';

export interface Upkeep {
  /** How many processes to keep ready that a new conversation can have at no cost to others. */
  readonly spares: number;
  /** The most processes there may be for that. */
  readonly comfortable: number;
  /** This many are kept, however long they are idle. */
  readonly idleFloor: number;
  readonly idleTtlMs: number;
  readonly suspendTtlMs: number;
}

type Looked = Pick<HeldProcess, 'state' | 'held' | 'turns' | 'recyclable' | 'lastUsed'>;

/** Whether to make one more process ready: without it, the next conversation would displace another one. */
export const wantsSpare = (
  processes: readonly Pick<Looked, 'state' | 'held' | 'turns' | 'recyclable'>[],
  size: number,
  { spares, comfortable }: Upkeep,
): boolean => {
  const cheap = processes.filter(
    ({ state, held, turns, recyclable }) => state === 'idle' && recyclable && (held.length === 0 || turns <= 1),
  );
  return cheap.length < spares && size < comfortable;
};

/**
 * Processes to end, and turns to cut off whose results do not come. Nothing is lost: any conversation can be appended
 * again.
 */
export const sweep = <One extends Looked>(
  processes: readonly One[],
  now: number,
  { idleFloor, idleTtlMs, suspendTtlMs }: Upkeep,
): readonly { readonly process: One; readonly end: boolean }[] => {
  const late = processes.filter(({ state, lastUsed }) => state === 'suspended' && now - lastUsed > suspendTtlMs);
  const idle = processes
    .filter(({ state, lastUsed }) => state === 'idle' && now - lastUsed > idleTtlMs)
    .toSorted((a, b) => Number(a.recyclable) - Number(b.recyclable) || a.lastUsed - b.lastUsed);
  const spent = idle.filter(({ recyclable }) => !recyclable).length;
  const ending = idle.slice(0, Math.max(spent, processes.length - idleFloor));
  return [...late.map((process) => ({ process, end: false })), ...ending.map((process) => ({ process, end: true }))];
};
