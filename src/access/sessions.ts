/**
 * Dashboard logins. A browser holds a random id; the server keeps its hash and whose key was used, never the key. All
 * servers with one database share the sessions, so a logout takes effect everywhere.
 */
import { z } from 'zod';
import type { SharedValue } from '../store/shared-value.ts';
import type { ValueOptions } from '../store/store.ts';
import type { Clock } from '../util/clock.ts';
import { sha256 } from '../util/sha256.ts';
import type { Caller } from './callers.ts';
import type { KeyRing } from './keys.ts';
import type { NamedKeys } from './named-keys.ts';

export interface Sessions {
  /** The id is for the browser's cookie. */
  start(caller: Caller): Promise<{ readonly id: string; readonly lifetimeSeconds: number }>;
  /** Undefined where the session has ended, or its key no longer has the admin role. */
  find(id: string): Promise<Caller | undefined>;
  end(id: string): Promise<void>;
}

export interface SessionsOptions {
  readonly keys: KeyRing;
  /** Absent without a database. */
  readonly namedKeys?: Pick<NamedKeys, 'byId'>;
  /** Without it sessions end with the process. */
  readonly store?: { sharedValue<Value>(options: ValueOptions<Value>): SharedValue<Value> };
  readonly clock: Pick<Clock, 'now'>;
}

const LIFETIME_MS = 12 * 3_600_000;
/** Above it the oldest sessions end. */
const MOST_SESSIONS = 200;

/** By the hash of its id. */
const sessionsState = z.record(z.string(), z.object({ owner: z.string(), until: z.number() }));
type SessionsState = Readonly<z.output<typeof sessionsState>>;

export const createSessions = ({ keys, namedKeys, store, clock }: SessionsOptions): Sessions => {
  const value = (store ?? inMemory).sharedValue<SessionsState>({
    id: 'dashboard-sessions',
    initial: {},
    parse: (stored) => sessionsState.safeParse(stored).data,
  });
  // The last answer of the database counts, because the page must show that the database is gone.
  const remembered = new Map<string, Caller>();
  const adminOf = async (owner: string): Promise<Caller | undefined> => {
    if (keys.knows(owner)) return { owner, name: owner, role: 'admin' };
    try {
      const found = await namedKeys?.byId(owner);
      remembered.delete(owner);
      if (found?.kind !== 'known' || found.key.role !== 'admin') return undefined;
      const caller = { owner, name: found.key.name, role: 'admin', key: found.key } as const;
      remembered.set(owner, caller);
      return caller;
    } catch {
      return remembered.get(owner);
    }
  };
  return {
    start: async ({ owner }) => {
      const id = hex(crypto.getRandomValues(new Uint8Array(32)));
      const until = clock.now() + LIFETIME_MS;
      await value.change((state) => ({
        value: { ...newest(state, clock.now()), [sha256(id)]: { owner, until } },
        result: undefined,
      }));
      return { id, lifetimeSeconds: LIFETIME_MS / 1000 };
    },
    find: async (id) => {
      if (!SHAPE.test(id)) return undefined;
      const session = (await value.current())[sha256(id)];
      return session === undefined || session.until <= clock.now() ? undefined : adminOf(session.owner);
    },
    end: async (id) => {
      const ended = sha256(id);
      await value.change((state) => ({
        value: ended in state ? Object.fromEntries(Object.entries(state).filter(([hash]) => hash !== ended)) : state,
        result: undefined,
      }));
    },
  };
};

const SHAPE = /^[0-9a-f]{64}$/u;

const newest = (state: SessionsState, now: number): SessionsState =>
  Object.fromEntries(
    Object.entries(state)
      .filter(([, { until }]) => until > now)
      .toSorted(([, a], [, b]) => b.until - a.until)
      .slice(0, MOST_SESSIONS - 1),
  );

const inMemory = {
  sharedValue: <Value>({ initial }: ValueOptions<Value>): SharedValue<Value> => {
    let current = initial;
    return {
      change: (step) => {
        const { value, result } = step(current);
        current = value;
        return Promise.resolve(result);
      },
      current: () => Promise.resolve(current),
    };
  },
};

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
