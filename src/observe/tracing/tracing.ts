/**
 * One span a request to an OpenTelemetry collector, made after the request has ended: a collector that is slow or gone
 * costs no request anything. The packages are loaded only where they are used, since they take time and memory.
 */
import type { Tracer } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { RequestSummary, SummaryListener } from '../../turn/request-summary.ts';
import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import type { Redact } from '../../util/redact.ts';
import { within } from '../../util/timer.ts';
import { requestSpan } from './request-span.ts';
import { samplerOf, traceSettings, type TraceSettings } from './trace-settings.ts';

export interface Tracing {
  readonly listener: SummaryListener;
  /** Sends what is waiting, at most for so long; afterwards nothing is sent any more. */
  close(withinMs: number): Promise<void>;
}

export interface TracingOptions {
  /** OTEL_… of the settings, wherever they come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serviceVersion: string;
  readonly redact: Redact;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** Undefined where the settings name no collector. */
export const createTracing = async (options: TracingOptions): Promise<Tracing | undefined> => {
  const settings = traceSettings(options.env);
  return settings === undefined ? undefined : startTracing(settings, options);
};

const startTracing = async (settings: TraceSettings, options: TracingOptions): Promise<Tracing> => {
  passOnToPackages(options.env);
  const [{ diag, DiagLogLevel }, sdk, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
  ]);
  diag.setLogger(oneLineEach(options), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const named = resources.resourceFromAttributes({
    'service.name': SERVICE,
    'service.version': options.serviceVersion,
  });
  const provider = new sdk.TracerProvider({
    resource: named.merge(resources.detectResources({ detectors: [resources.envDetector] })),
    sampler: samplerOf(settings.sampler, sdk),
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: await watched(await exporterOf(settings), options), ...settings.batch }),
    ],
  });
  const tracer = provider.getTracer(SERVICE, options.serviceVersion);
  const record = await recorder(tracer, options.redact);
  return {
    listener: record,
    close: async (withinMs) => {
      const shutdown = provider.shutdown().catch(() => undefined);
      await within(shutdown, withinMs, options.clock);
    },
  };
};

const SERVICE = 'opencode-claude-proxy';

/** They read the process's own environment, where settings of files are not. */
const passOnToPackages = (env: TracingOptions['env']): void => {
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('OTEL_') && value !== undefined) process.env[name] ??= value;
};

const exporterOf = async ({ protocol, url }: TraceSettings): Promise<SpanExporter> => {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ url });
};

const recorder = async (tracer: Tracer, redact: Redact): Promise<SummaryListener> => {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, defaultTextMapGetter } = await import('@opentelemetry/api');
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const propagator = new W3CTraceContextPropagator();
  return (summary: RequestSummary) => {
    const { name, startedAt, endedAt, attributes, failure } = requestSpan(summary);
    const parent = propagator.extract(ROOT_CONTEXT, { ...summary.trace }, defaultTextMapGetter);
    const span = tracer.startSpan(
      redact(name),
      { kind: SpanKind.SERVER, startTime: startedAt, attributes: redacted(attributes, redact), root: false },
      parent,
    );
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: redact(failure) });
    span.end(endedAt);
  };
};

type Attributes = ReturnType<typeof requestSpan>['attributes'];

const redacted = (attributes: Attributes, redact: Redact): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
  );

/** The log has one line when sending begins to fail, and one when it works again. */
const watched = async (exporter: SpanExporter, { log }: TracingOptions): Promise<SpanExporter> => {
  const { ExportResultCode } = await import('@opentelemetry/core');
  let lost = 0;
  const note = (spans: readonly ReadableSpan[], error: Error | undefined, failed: boolean): void => {
    if (failed && lost === 0)
      log.warn({ err: error }, 'spans could not be sent to OTEL_EXPORTER_OTLP_ENDPOINT; requests go on without them');
    if (!failed && lost > 0) log.info({ lost }, 'spans are sent again');
    lost = failed ? lost + spans.length : 0;
  };
  return {
    export: (spans, then) =>
      exporter.export(spans, (result) => {
        note(spans, result.error, result.code === ExportResultCode.FAILED);
        then({ code: ExportResultCode.SUCCESS });
      }),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush !== undefined && { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
};

const MOST_MESSAGES = 50;

/** What the packages say of settings that they do not understand, once each. */
const oneLineEach = ({ log }: TracingOptions) => {
  const said = new Set<string>();
  const say = (message: string): void => {
    if (said.has(message) || said.size >= MOST_MESSAGES) return;
    said.add(message);
    log.warn({}, `OpenTelemetry: ${message}`);
  };
  return { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
};

const quiet = (): void => undefined;
