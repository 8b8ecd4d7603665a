/** Where a conversation is served: decided and remembered by its home. */
import { orderFor } from '../rendezvous.ts';
import type { Routed, Verdict } from '../internal-protocol.ts';

export interface Room {
  /** All instances. */
  readonly names: readonly string[];
  readonly open: number;
  /** Requests that may be open before new conversations are sent away. */
  readonly capacity: number;
  /** The container here holds this conversation, or will after a request that is open. */
  readonly warm: boolean;
  /** The request has waited for a slot here, as long as a replay elsewhere is worth. */
  readonly waited: boolean;
  /** There is no memory for this request's body beside those that wait here already. */
  readonly crowded: boolean;
  /** The container here is ending, and others' answers hold it up. */
  readonly leaving: boolean;
  /** The container here cannot be started now. */
  readonly failing: boolean;
  /** The container here runs and can be asked. */
  readonly awake: boolean;
}

export type Placement =
  | { readonly kind: 'here' }
  /** For a slot here, for a short while. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly name: string; readonly awakeOnly: boolean }
  | Verdict;

/** How many other instances are asked before the client gets a 429. */
const MOST_TRIES = 3;

/**
 * A conversation stays where it is warm: when that instance is busy it waits a little, since a replay elsewhere costs
 * more, and only then goes. `send` is a decision to be written down, `elsewhere` one from before.
 * Where nobody else is left, the home waits for a container that ends or fails. While it fails, only instances whose
 * container runs are asked: the platform refuses the start of another one for the same reason.
 */
export const decidePlacement = (routed: Routed, room: Room, remembered: string | undefined): Placement => {
  if (routed.onlyHere === true) return { kind: 'here' };
  const usable = !room.leaving && !room.failing;
  const hasSlot = room.open < room.capacity && !room.crowded;
  const worthWaiting = usable && room.warm && !room.waited && !room.crowded;
  const awakeOnly = room.failing;
  if (routed.role === 'guest') {
    if (usable && hasSlot && (room.awake || !routed.awakeOnly)) return { kind: 'here' };
    return worthWaiting ? { kind: 'wait' } : { kind: 'full' };
  }
  const known = remembered !== undefined && room.names.includes(remembered) && !routed.tried.includes(remembered);
  if (known) return { kind: 'elsewhere', name: remembered, awakeOnly };
  if (usable && hasSlot) return { kind: 'here' };
  if (worthWaiting) return { kind: 'wait' };
  const others = orderFor(routed.conversation, room.names).filter(
    (name) => name !== routed.self && !routed.tried.includes(name),
  );
  if (others[0] !== undefined && routed.tried.length < MOST_TRIES) return { kind: 'send', name: others[0], awakeOnly };
  // In the queue of the server, where it is warm; else there is nowhere to wait.
  return hasSlot || (room.warm && !room.crowded) ? { kind: 'here' } : { kind: 'full' };
};
