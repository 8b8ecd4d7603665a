/** Who listens to the summaries of requests: the log, the metrics and, where there is a database, the ledger. */
import { logRequests } from '../http/request-log.ts';
import type { Services } from '../http/services.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createRecorder } from '../store/ledger/recorder.ts';
import type { Store } from '../store/store.ts';
import { announceTo } from '../turn/request-summary.ts';

export interface Observers extends Pick<Services, 'announce' | 'metrics' | 'ledger'> {
  /** Writes what the ledger has not written yet. */
  readonly close: () => Promise<void>;
}

/** The last rows of the ledger may take so long at the end of a server. */
const CLOSE_WITHIN_MS = 3_000;

export const createObservers = (
  services: Pick<Services, 'leases' | 'engine' | 'clock' | 'log'>,
  store: Pick<Store, 'open'> | undefined,
): Observers => {
  const { leases, engine, clock, log } = services;
  const recorder = store === undefined ? undefined : createRecorder(store, clock, log);
  const metrics = createMetrics({
    slots: () => leases.stats(),
    engine: () => engine.health(),
    ...(recorder !== undefined && {
      recorder: () => ({ waiting: recorder.health().waiting, lost: recorder.health().dropped }),
    }),
  });
  return {
    announce: announceTo(
      [logRequests(log), metrics.listener, ...(recorder === undefined ? [] : [recorder.record.bind(recorder)])],
      log,
    ),
    metrics: metrics.render,
    ...(recorder !== undefined && { ledger: () => recorder.health() }),
    close: async () => recorder?.close(CLOSE_WITHIN_MS),
  };
};
