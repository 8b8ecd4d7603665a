/** One log line a request. Never bodies, never keys, never query strings. */
import type { RequestSummary, SummaryListener } from '../../turn/request-summary.ts';
import type { Log } from '../../util/log.ts';
import { isRoutine } from './routine.ts';

export const logRequests =
  (log: Log): SummaryListener =>
  (summary) =>
    log[isRoutine(summary) ? 'debug' : 'info'](requestFields(summary), 'request');

const requestFields = (summary: RequestSummary): object => {
  const { endpoint, key, client, tokens, cost, error, durationMs, ...rest } = summary;
  const { at: _, ignored: _i, emulated: _e, mapped: _m, trace, modelAsked, webSearches, retries, ...facts } = rest;
  return {
    ...facts,
    ...(trace !== undefined && { traceId: trace.traceparent.slice(3, 35) }),
    method: endpoint.slice(0, endpoint.indexOf(' ')),
    path: endpoint.slice(endpoint.indexOf(' ') + 1),
    ...(modelAsked !== undefined && { asked: modelAsked }),
    ...(key !== undefined && { key: key.name }),
    ...(client.name !== undefined && { client: client.name }),
    ...(error !== undefined && { error: error.code, message: error.message }),
    ...(error?.param !== undefined && { param: error.param }),
    ...(cost.basis !== 'none' && {
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cacheReadTokens: tokens.cacheRead,
      cacheWriteTokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
      costUsd: cost.usd,
    }),
    ...(webSearches > 0 && { webSearches }),
    ...(retries > 0 && { retries }),
    ms: durationMs,
  };
};
