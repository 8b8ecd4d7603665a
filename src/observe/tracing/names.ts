/**
 * The names of everything in a span. Those of generative AI are still in development and may change:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
export const NAMES = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  userAgent: 'user_agent.original',
  errorType: 'error.type',

  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens',
  thinkingTokens: 'gen_ai.usage.reasoning.output_tokens',
  conversation: 'gen_ai.conversation.id',

  // The conventions have no names for these.
  requestId: 'proxy.request.id',
  key: 'proxy.key.name',
  client: 'proxy.client.name',
  dialect: 'proxy.dialect',
  strategy: 'proxy.strategy',
  queueSeconds: 'proxy.queue.duration',
  retries: 'proxy.upstream.retries',
  costUsd: 'proxy.cost.usd',
  costBasis: 'proxy.cost.basis',
  webSearches: 'proxy.web_searches',
} as const;

export const PROVIDER = 'anthropic';
