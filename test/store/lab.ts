/**
 * What a case of the store's suite works with. The cases know neither a test runner nor Node, so that the same ones run on
 * SQLite, on Postgres and inside a Durable Object.
 */
import { createRecorder, type Recorder } from '../../src/store/ledger/recorder.ts';
import { createStoreOver, type Store, type StoreOptions } from '../../src/store/store.ts';
import type { Connect } from '../../src/store/database/database.ts';
import type { RequestSummary } from '../../src/turn/request-summary.ts';
import { systemClock } from '../../src/util/clock.ts';
import { HandClock } from '../access/hand-clock.ts';

export interface Lab {
  readonly store: Store;
  /** Its time is moved by hand; the database's own waits are real. */
  readonly clock: HandClock;
  /** Another server on the same database. */
  readonly server: (options?: Partial<StoreOptions>) => Store;
  readonly recorder: (store?: Store) => Recorder;
  /** Records the summaries and waits until they are written. */
  readonly write: (...summaries: readonly RequestSummary[]) => Promise<void>;
  /** Throws where they are not the same. */
  readonly equal: (actual: unknown, expected: unknown) => void;
  readonly close: () => Promise<void>;
}

export type Cases = Readonly<Record<string, (lab: Lab) => Promise<void>>>;

export const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nobody reads the log of these tests.
}

export const createLab = (connect: Connect, equal: Lab['equal']): Lab => {
  const clock = new HandClock();
  const stores: Store[] = [];
  const server = (options: Partial<StoreOptions> = {}): Store => {
    const store = createStoreOver({
      connect,
      clock,
      log: quiet,
      retention: { ledgerDays: 90, contentDays: 7, responseBytes: 1_000_000 },
      responses: { maxBytes: 100_000, lifetimeMs: 30 * 24 * 3_600_000 },
      ...options,
    });
    stores.push(store);
    return store;
  };
  const store = server();
  const recorder = (of: Store = store): Recorder => createRecorder(of, clock, quiet);
  return {
    store,
    clock,
    server,
    recorder,
    write: async (...summaries) => {
      const writer = createRecorder(store, systemClock, quiet);
      for (const each of summaries) writer.record(each);
      await writer.close(10_000);
    },
    equal,
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
    },
  };
};

/** The code of a typed error, and its field, of work that must fail. */
export const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'no error';
  } catch (error) {
    const { code, param } = error as { code?: string; param?: string };
    return [code, param].filter((part) => part !== undefined).join(' ') || String(error);
  }
};
