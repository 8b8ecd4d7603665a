import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as sdk from '@opentelemetry/sdk-trace';
import { requestSpan } from '../../../src/observe/tracing/request-span.ts';
import { samplerOf, traceSettings } from '../../../src/observe/tracing/trace-settings.ts';
import { noTokens, traceParent, type RequestSummary } from '../../../src/turn/request-summary.ts';

const turn: RequestSummary = {
  id: 'req_1',
  at: 1_000,
  endpoint: 'POST /v1/chat/completions',
  dialect: 'openai-chat',
  key: { id: 'key_1', name: 'team' },
  client: { name: 'opencode', userAgent: 'opencode/1', session: 's1' },
  modelAsked: 'gpt-4o',
  model: 'claude-sonnet-4-5-20250929',
  status: 200,
  tokens: { input: 10, output: 20, cacheRead: 100, cacheWrite5m: 3, cacheWrite1h: 4, thinking: 5 },
  webSearches: 0,
  cost: { usd: 0.25, basis: 'list' },
  queueMs: 30,
  firstTokenMs: 400,
  durationMs: 900,
  strategy: 'continue',
  stopReason: 'end_turn',
  streamed: true,
  retries: 1,
};
const quietTurn = { ...turn, tokens: noTokens, cost: { usd: 0, basis: 'none' } } as const;

describe('the span of a request', () => {
  it('has the names of the conventions', () => {
    expect(requestSpan(turn)).toEqual({
      name: 'chat gpt-4o',
      startedAt: 1_000,
      endedAt: 1_900,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/chat/completions',
        'http.response.status_code': 200,
        'user_agent.original': 'opencode/1',
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.request.stream': true,
        'gen_ai.response.model': 'claude-sonnet-4-5-20250929',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.response.time_to_first_chunk': 0.4,
        'gen_ai.usage.input_tokens': 117,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.usage.cache_read.input_tokens': 100,
        'gen_ai.usage.cache_creation.input_tokens': 7,
        'gen_ai.usage.reasoning.output_tokens': 5,
        'gen_ai.conversation.id': 's1',
        'proxy.request.id': 'req_1',
        'proxy.key.name': 'team',
        'proxy.client.name': 'opencode',
        'proxy.dialect': 'openai-chat',
        'proxy.strategy': 'continue',
        'proxy.queue.duration': 0.03,
        'proxy.upstream.retries': 1,
        'proxy.cost.usd': 0.25,
        'proxy.cost.basis': 'list',
        'proxy.web_searches': 0,
      },
    });
  });

  it('has no cost where nobody knows one, and no tokens where none were used', () => {
    const unpriced = requestSpan({ ...turn, cost: { usd: 'unknown', basis: 'unknown' } }).attributes;
    expect(unpriced).toMatchObject({ 'proxy.cost.basis': 'unknown', 'gen_ai.usage.output_tokens': 20 });
    expect(unpriced).not.toHaveProperty('proxy.cost.usd');
    expect(requestSpan(quietTurn).attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
  });

  it.each([
    [400, 'invalid_request', undefined],
    [429, 'key_limit', undefined],
    [529, 'upstream_overloaded', 'upstream_overloaded: Why.'],
    // In a stream that had begun.
    [200, 'upstream_error', 'upstream_error: Why.'],
  ] as const)('is a failure where the server is to blame: %i %s', (status, code, failure) => {
    const span = requestSpan({ ...quietTurn, status, error: { code, message: 'Why.' } });
    expect(span.attributes).toMatchObject({ 'error.type': code });
    expect(span.failure).toBe(failure);
  });

  it.each([
    ['GET /v1/models', 200, 'GET /v1/models'],
    ['GET /v1/responses/resp_0123456789abcdef', 200, 'GET /v1/responses/{id}'],
    ['GET /wp-admin/setup.php', 404, 'GET'],
    ['DELETE /admin/keys/key_0123456789', 200, 'DELETE /admin/keys/{id}'],
  ])('of %s (%i) is named %s', (endpoint, status, name) => {
    const { modelAsked: _, model: _model, ...rest } = quietTurn;
    const span = requestSpan({ ...rest, endpoint, status });
    expect(span.name).toBe(name);
    expect(span.attributes).not.toHaveProperty('gen_ai.operation.name');
  });

  it.each([
    ['POST /v1/messages', 'chat gpt-4o'],
    ['POST /v1/completions', 'text_completion gpt-4o'],
    ['POST /api/generate', 'text_completion gpt-4o'],
    ['POST /openai/deployments/x/chat/completions', 'chat gpt-4o'],
    ['POST /v1/messages/count_tokens', 'POST /v1/messages/count_tokens'],
  ])('of %s is named %s', (endpoint, name) => {
    expect(requestSpan({ ...turn, endpoint }).name).toBe(name);
  });
});

it.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331', false],
  ["x' or 1=1", false],
])('a traceparent is taken where it is one: %s', (traceparent, taken) => {
  expect(traceParent(new Headers({ traceparent }))).toEqual(taken ? { traceparent } : undefined);
});

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('the standard variables', () => {
  it.each([
    [{}, undefined],
    [ENDPOINT, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/base/' }, 'http://collector:4318/base/v1/traces'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/x' }, 'http://other/x'],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, undefined],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
  ])('%j: spans go to %s', (env, url) => {
    expect(traceSettings(env)?.url).toBe(url);
  });

  it('set the protocol and the batches', () => {
    expect(traceSettings(ENDPOINT)).toMatchObject({ protocol: 'http/protobuf', batch: {} });
    const env = { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '100' };
    expect(traceSettings(env)).toMatchObject({ protocol: 'http/json', batch: { scheduledDelayMillis: 100 } });
  });

  it.each([
    ['', 'ParentBased{root=AlwaysOnSampler, remoteParentSampled=AlwaysOnSampler'],
    ['always_off', 'AlwaysOffSampler'],
    ['traceidratio', 'TraceIdRatioBased{0.25}'],
    ['parentbased_traceidratio', 'ParentBased{root=TraceIdRatioBased{0.25}'],
    ['nonsense', 'ParentBased{root=AlwaysOnSampler'],
  ])('choose the sampler: %s', (name, sampler) => {
    expect(samplerOf({ name, ratio: 0.25 }, sdk).toString()).toContain(sampler);
  });
});

it('nothing of OpenTelemetry is loaded where no collector is set: all imports of it are types or come later', () => {
  const early = globSync('src/**/*.ts').filter((file) =>
    /^import (?!type)[^;]*from '@opentelemetry/mu.test(readFileSync(file, 'utf8')),
  );
  expect(early).toEqual([]);
});
