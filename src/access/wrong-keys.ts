/**
 * Slows down guessing of keys. An address may send some wrong keys, then one every few seconds; meanwhile only keys are
 * checked that were right from this address before. So a guesser learns nothing, and others behind the same address (an
 * office, a proxy) can go on.
 */
import type { Clock } from '../util/clock.ts';

export interface WrongKeys {
  /**
   * Seconds until a key from this address is checked again; 0 where it is checked now. `owner`: whose it is, if right.
   */
  secondsToWait(address: string, owner: string | undefined): number;
}

export interface WrongKeysOptions {
  readonly clock: Pick<Clock, 'elapsed'>;
  /** The address has no tries left. */
  readonly onSlowed: (address: string) => void;
}

const FREE_TRIES = 20;
const SECONDS_A_TRY = 6;
/** Above it the oldest addresses are forgotten. */
const MOST_ADDRESSES = 10_000;

interface Visitor {
  tries: number;
  /** When `tries` was right. */
  at: number;
  readonly owners: Set<string>;
  slowed: boolean;
}

export const createWrongKeys = ({ clock, onSlowed }: WrongKeysOptions): WrongKeys => {
  const visitors = new Map<string, Visitor>();
  const visitorAt = (address: string): Visitor => {
    const known = visitors.get(address);
    if (known !== undefined) return known;
    const visitor: Visitor = { tries: FREE_TRIES, at: clock.elapsed(), owners: new Set(), slowed: false };
    visitors.set(address, visitor);
    const [first] = visitors.keys();
    if (visitors.size > MOST_ADDRESSES && first !== undefined) visitors.delete(first);
    return visitor;
  };
  return {
    secondsToWait: (address, owner) => {
      const visitor = visitorAt(address);
      if (owner !== undefined && visitor.owners.has(owner)) return 0;
      refill(visitor, clock.elapsed());
      if (visitor.tries < 1) return Math.ceil((1 - visitor.tries) * SECONDS_A_TRY);
      if (owner !== undefined) visitor.owners.add(owner);
      else visitor.tries -= 1;
      if (visitor.tries < 1 && !visitor.slowed) onSlowed(address);
      visitor.slowed ||= visitor.tries < 1;
      return 0;
    },
  };
};

const refill = (visitor: Visitor, now: number): void => {
  visitor.tries = Math.min(FREE_TRIES, visitor.tries + (now - visitor.at) / 1000 / SECONDS_A_TRY);
  visitor.at = now;
  if (visitor.tries === FREE_TRIES) visitor.slowed = false;
};
