/** The server's metrics in Prometheus' text format. Every name and label is in this file. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineHealth } from '../turn/engine.ts';
import type { RequestSummary, SummaryListener } from '../turn/request-summary.ts';
import { boundedLabel } from './bounded-label.ts';

/** Read when the metrics are scraped. */
export interface MetricsSources {
  readonly slots: () => { readonly held: number; readonly queued: number };
  readonly engine: () => EngineHealth;
  /** Of the plan's windows, 0 to 1 by name; empty without a subscription. */
  readonly windows?: () => Promise<Readonly<Record<string, number>>>;
  /** How much of each limit each named key has used, 0 to 1. */
  readonly keyLimits?: () => Promise<readonly KeyLimitFigure[]>;
  /** Rows that wait for the database, and rows that were given up. */
  readonly recorder?: () => { readonly waiting: number; readonly lost: number };
}

export interface KeyLimitFigure {
  readonly key: string;
  readonly limit: string;
  readonly used: number;
}

export interface Metrics {
  readonly listener: SummaryListener;
  /** The whole text, and the content type it must be sent with. */
  readonly render: () => Promise<{ readonly text: string; readonly contentType: string }>;
}

/** Callers choose the names of models: this many are distinguished. */
const MOST_MODELS = 50;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

export const createMetrics = (sources: MetricsSources): Metrics => {
  const registry = new Registry();
  const listener = recordRequests(registry);
  addGauges(registry, sources);
  return {
    listener,
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
};

const createSeries = (registry: Registry) => {
  const registers = [registry];
  const requests = new Counter({
    name: 'proxy_requests_total',
    help: 'Requests that have ended, refused ones too.',
    labelNames: ['dialect', 'model', 'status'],
    registers,
  });
  const errors = new Counter({
    name: 'proxy_errors_total',
    help: 'Requests that ended with an error, by its code; those of the API begin with upstream_.',
    labelNames: ['code'],
    registers,
  });
  const tokens = new Counter({
    name: 'proxy_tokens_total',
    help: 'Tokens as the API reported them. Kinds: input, output, cache_read, cache_write_5m, cache_write_1h.',
    labelNames: ['kind', 'model'],
    registers,
  });
  const cost = new Counter({
    name: 'proxy_cost_usd_total',
    help: 'Cost in US dollars at list price; where a plan pays, what it would have cost.',
    labelNames: ['model'],
    registers,
  });
  const unpriced = new Counter({
    name: 'proxy_unpriced_requests_total',
    help: 'Requests whose price nobody knows; they are missing in proxy_cost_usd_total.',
    labelNames: ['model'],
    registers,
  });
  const turns = new Counter({
    name: 'proxy_turns_total',
    help: 'Turns by how the conversation got into the model.',
    labelNames: ['strategy'],
    registers,
  });
  const retries = new Counter({
    name: 'proxy_upstream_retries_total',
    help: 'How often the upstream was asked again.',
    registers,
  });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['dialect'], buckets: SECONDS, registers });
  const queue = histogram('proxy_queue_seconds', 'Time that requests waited for a slot.');
  const firstToken = histogram('proxy_first_token_seconds', 'From a request to the first event of its answer.');
  const duration = histogram('proxy_request_seconds', 'From a request to the end of its answer.');
  return { requests, errors, tokens, cost, unpriced, turns, retries, queue, firstToken, duration };
};

const recordRequests = (registry: Registry): SummaryListener => {
  const { requests, errors, tokens, cost, unpriced, turns, retries, ...times } = createSeries(registry);
  const { queue, firstToken, duration } = times;
  const modelLabel = boundedLabel(MOST_MODELS);
  return (summary: RequestSummary) => {
    const { status, error, strategy, tokens: used } = summary;
    const dialect = summary.dialect ?? 'none';
    const model = summary.model === undefined ? 'none' : modelLabel(summary.model);
    requests.inc({ dialect, model, status: String(status) });
    if (error !== undefined) errors.inc({ code: error.code });
    if (strategy !== undefined) turns.inc({ strategy });
    if (summary.retries > 0) retries.inc(summary.retries);
    const kinds = {
      input: used.input,
      output: used.output,
      cache_read: used.cacheRead,
      cache_write_5m: used.cacheWrite5m,
      cache_write_1h: used.cacheWrite1h,
    };
    for (const [kind, count] of Object.entries(kinds)) if (count > 0) tokens.inc({ kind, model }, count);
    if (summary.cost.usd === 'unknown') unpriced.inc({ model });
    else if (summary.cost.usd > 0) cost.inc({ model }, summary.cost.usd);
    queue.observe({ dialect }, summary.queueMs / 1000);
    if (summary.firstTokenMs !== undefined) firstToken.observe({ dialect }, summary.firstTokenMs / 1000);
    duration.observe({ dialect }, summary.durationMs / 1000);
  };
};

const addGauges = (registry: Registry, { slots, engine, windows, keyLimits, recorder }: MetricsSources): void => {
  const gauge = (name: string, help: string, { label, read }: { label: string; read: Reader }): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect: async () => {
        const figures = await read();
        made.reset();
        for (const [value, figure] of Object.entries(figures)) made.set({ [label]: value }, figure);
      },
    });
  };
  gauge('proxy_requests', 'Requests that run or wait now.', {
    label: 'state',
    read: () => ({ running: slots().held, queued: slots().queued }),
  });
  gauge('proxy_engine', 'Figures of the engine: processes by state, and ends of processes by reason.', {
    label: 'figure',
    read: () => engine().gauges,
  });
  gauge('proxy_up', 'Whether turns can run (ready), and whether the last ones failed for all (degraded).', {
    label: 'state',
    read: () => ({ ready: Number(engine().ok), degraded: Number(engine().degraded !== undefined) }),
  });
  if (windows !== undefined)
    gauge('proxy_plan_window_used', 'How much of a window of the plan is used, 0 to 1.', {
      label: 'window',
      read: windows,
    });
  if (keyLimits !== undefined) addKeyLimits(registry, keyLimits);
  if (recorder !== undefined)
    gauge('proxy_ledger_rows', 'Rows of the ledger that wait for the database, and that were lost.', {
      label: 'state',
      read: () => ({ ...recorder() }),
    });
};

/** Owners create keys; this many are distinguished. */
const MOST_KEYS = 100;

const addKeyLimits = (registry: Registry, read: NonNullable<MetricsSources['keyLimits']>): void => {
  const gauge: Gauge = new Gauge({
    name: 'proxy_key_limit_used',
    help: 'How much of a limit of a named key is used, 0 to 1.',
    labelNames: ['key', 'limit'],
    registers: [registry],
    collect: async () => {
      const figures = await read();
      const keyLabel = boundedLabel(MOST_KEYS);
      gauge.reset();
      for (const { key, limit, used } of figures) gauge.set({ key: keyLabel(key), limit }, used);
    },
  });
};

type Figures = Readonly<Record<string, number>>;
type Reader = () => Figures | Promise<Figures>;
