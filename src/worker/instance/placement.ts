/** Where a conversation is served: decided and remembered by its home. */
import { orderFor } from '../rendezvous.ts';
import type { Routed, Verdict } from '../internal-protocol.ts';

export interface Room {
  /** All instances. */
  readonly names: readonly string[];
  readonly open: number;
  /** Requests that may be open before new conversations are sent away. */
  readonly capacity: number;
  /** The container here holds this conversation, or is just being asked about it. */
  readonly warm: boolean;
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
  | { readonly kind: 'send'; readonly name: string; readonly awakeOnly: boolean }
  | Verdict;

/** How many other instances are asked before the client is told that all are busy. */
const MOST_TRIES = 3;

/**
 * A conversation stays where it is warm, also when that instance is busy: waiting in its queue costs
 * less than replaying elsewhere. `send` is a decision to be written down, `elsewhere` one from before.
 * Where nobody else is left, the home waits for a container that ends or fails. While it fails, only instances whose
 * container runs are asked: the platform refuses the start of another one for the same reason.
 */
export const place = (routed: Routed, room: Room, remembered: string | undefined): Placement => {
  const hasRoom = (room.open < room.capacity || room.warm) && !room.crowded;
  const awakeOnly = room.failing;
  if (routed.role === 'guest') {
    const fits = hasRoom && !room.leaving && !room.failing && (room.awake || !routed.awakeOnly);
    return fits ? { kind: 'here' } : { kind: 'full' };
  }
  const known = remembered !== undefined && room.names.includes(remembered) && !routed.tried.includes(remembered);
  if (known) return { kind: 'elsewhere', name: remembered, awakeOnly };
  if (hasRoom && !room.leaving && !room.failing) return { kind: 'here' };
  const others = orderFor(routed.conversation, room.names).filter(
    (name) => name !== routed.self && !routed.tried.includes(name),
  );
  if (others[0] !== undefined && routed.tried.length < MOST_TRIES) return { kind: 'send', name: others[0], awakeOnly };
  return hasRoom ? { kind: 'here' } : { kind: 'full' };
};
