/**
 * The standard variables of OpenTelemetry that its packages do not read themselves:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import type * as Sdk from '@opentelemetry/sdk-trace';

export interface TraceSettings {
  /** Where spans go, path included. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly sampler: SamplerSettings;
  readonly batch: Readonly<Record<string, number>>;
}

interface SamplerSettings {
  readonly name: string;
  readonly ratio: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined where no collector is named, or tracing is switched off. */
export const traceSettings = (env: Environment): TraceSettings | undefined => {
  const set = (name: string): string => env[name]?.trim() ?? '';
  const url = set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || tracesBelow(set('OTEL_EXPORTER_OTLP_ENDPOINT'));
  const off = set('OTEL_SDK_DISABLED').toLowerCase() === 'true' || set('OTEL_TRACES_EXPORTER') === 'none';
  if (url === '' || off) return undefined;
  const protocol = set('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || set('OTEL_EXPORTER_OTLP_PROTOCOL');
  return {
    url,
    protocol: protocol === 'http/json' ? 'http/json' : 'http/protobuf',
    sampler: { name: set('OTEL_TRACES_SAMPLER'), ratio: ratioOf(set('OTEL_TRACES_SAMPLER_ARG')) },
    batch: Object.fromEntries(
      Object.entries(BATCH).flatMap(([name, option]) =>
        /^\d+$/u.test(set(name)) ? [[option, Number(set(name))]] : [],
      ),
    ),
  };
};

const BATCH = {
  OTEL_BSP_SCHEDULE_DELAY: 'scheduledDelayMillis',
  OTEL_BSP_EXPORT_TIMEOUT: 'exportTimeoutMillis',
  OTEL_BSP_MAX_QUEUE_SIZE: 'maxQueueSize',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 'maxExportBatchSize',
} as const;

const tracesBelow = (endpoint: string): string =>
  endpoint === '' ? '' : `${endpoint}${endpoint.endsWith('/') ? '' : '/'}v1/traces`;

const ratioOf = (text: string): number => {
  const ratio = text === '' ? 1 : Number(text);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
};

type Samplers = Pick<
  typeof Sdk,
  'AlwaysOffSampler' | 'AlwaysOnSampler' | 'ParentBasedSampler' | 'TraceIdRatioBasedSampler'
>;

/** A name that is not known counts as the default, which keeps what the caller's trace has decided. */
export const samplerOf = ({ name, ratio }: SamplerSettings, sdk: Samplers): Sdk.Sampler => {
  const roots = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(ratio),
  };
  const root = roots[name.replace('parentbased_', '') as keyof typeof roots] ?? roots.always_on;
  return name in roots ? root() : new sdk.ParentBasedSampler({ root: root() });
};
