/** Who listens to the summaries of requests: the log, the metrics, and with a database the ledger and the alerts. */
import { logRequests } from '../http/request/request-log.ts';
import { saidOnce } from '../http/request/said-once.ts';
import { isOutsideLedger, isRoutine } from '../http/request/routine.ts';
import { openWindows } from '../access/limits/plan-state.ts';
import type { SendAlert } from '../access/alerts/alerts.ts';
import type { Services } from '../http/services.ts';
import type { Limits } from '../http/request/admission.ts';
import { createServerAlerts } from './alerts.ts';
import { createMetrics, type KeyLimitFigure } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { createRecorder, type Recorder } from '../store/ledger/recorder.ts';
import type { Clock } from '../util/clock.ts';
import type { NamedKeys } from '../access/named-keys.ts';
import type { Store } from '../store/store.ts';
import { announceTo, type SummaryListener } from '../turn/request-summary.ts';

export interface Observers extends Pick<Services, 'announce'> {
  readonly figures: Pick<Services, 'metrics' | 'ledger' | 'alerts'>;
  /** Writes and sends what is not written and sent yet, within a few seconds. */
  readonly close: () => Promise<void>;
}

/** The last rows of the ledger, alerts under way and spans may take so long at the end of a server. */
const CLOSE_WITHIN_MS = 3_000;

/** Where summaries go outside this server. */
export interface Outlets {
  readonly webhook?: SendAlert;
  readonly tracing?: Tracing;
}

export const createObservers = (
  services: Pick<Services, 'leases' | 'engine' | 'clock' | 'log'>,
  store: Pick<Store, 'open' | 'sharedValue'> | undefined,
  { namedKeys, limits, webhook, tracing }: Pick<Services, 'namedKeys' | 'limits'> & Outlets = {},
): Observers => {
  const { leases, engine, clock, log } = services;
  const recorder = store === undefined ? undefined : createRecorder(store, clock, log);
  const alerts =
    store === undefined || limits === undefined || namedKeys === undefined
      ? undefined
      : createServerAlerts({ store, limits, namedKeys, send: webhook, clock, log });
  const metrics = createMetrics({
    slots: () => leases.stats(),
    engine: () => engine.health(),
    ...(limits !== undefined && { windows: () => windowsOf(limits, clock) }),
    ...(limits !== undefined && namedKeys !== undefined && { keyLimits: () => keyLimitsOf(namedKeys, limits) }),
    ...(recorder !== undefined && {
      recorder: () => ({ waiting: recorder.health().waiting, lost: recorder.health().dropped }),
    }),
  });
  return {
    announce: announceTo(
      [
        saidOnce(log),
        logRequests(log),
        metrics.listener,
        ...(recorder === undefined ? [] : [recordedBy(recorder)]),
        ...(alerts === undefined ? [] : [alerts.listener]),
        ...(tracing === undefined ? [] : [traced(tracing)]),
      ],
      log,
    ),
    figures: {
      metrics: metrics.render,
      ...(recorder !== undefined && { ledger: () => recorder.health() }),
      ...(alerts !== undefined && webhook !== undefined && { alerts: () => alerts.health() }),
    },
    close: async () => {
      const closing = [recorder, alerts, tracing].flatMap((each) => each?.close(CLOSE_WITHIN_MS) ?? []);
      await Promise.all(closing);
    },
  };
};

const recordedBy =
  (recorder: Recorder): SummaryListener =>
  (summary, content) => {
    if (!isOutsideLedger(summary)) recorder.record(summary, content);
  };

const traced =
  ({ listener }: Tracing): SummaryListener =>
  (summary) => {
    if (!isRoutine(summary)) listener(summary);
  };

const windowsOf = async ({ plan }: Limits, clock: Pick<Clock, 'now'>): Promise<Readonly<Record<string, number>>> => {
  const windows = openWindows(await plan.view(), clock.now());
  return Object.fromEntries(
    windows.flatMap(([name, { utilization }]) => (utilization === undefined ? [] : [[name, utilization]])),
  );
};

/** Without the database the figures of keys are missing; the others are shown all the same. */
const keyLimitsOf = async (namedKeys: NamedKeys, { limiter }: Limits): Promise<readonly KeyLimitFigure[]> => {
  const keys = await namedKeys.list().catch(() => []);
  const limited = keys.filter(({ limits }) => Object.keys(limits).length > 0);
  const figures = limited.map(async (key) =>
    (await limiter.headroom(key)).map(({ limit, used, allowed }) => ({ key: key.name, limit, used: used / allowed })),
  );
  return (await Promise.all(figures)).flat();
};
