/** What the span of a request says: its name, times, attributes and status, from the request's summary alone. */
import type { RequestSummary } from '../../turn/request-summary.ts';
import { definedOnly } from '../../util/defined-only.ts';
import { NAMES, PROVIDER } from './names.ts';

export interface RequestSpan {
  readonly name: string;
  /** In milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | string[]>>;
  /** Why it failed, where the server or its upstream is to blame: a wrong request is no failure of a server. */
  readonly failure?: string;
}

export const requestSpan = (summary: RequestSummary): RequestSpan => {
  const { at, durationMs, status, error } = summary;
  const [method = '', path = ''] = summary.endpoint.split(' ');
  const operation = operationOf(summary, path);
  const route = status === 404 ? undefined : routeOf(path);
  const failed = status >= 500 || (error !== undefined && status < 400);
  return {
    name: operation === undefined ? [method, route].join(' ').trim() : `${operation} ${summary.modelAsked}`,
    startedAt: at,
    endedAt: at + durationMs,
    attributes: definedOnly({
      [NAMES.method]: method,
      [NAMES.route]: route,
      [NAMES.status]: status,
      [NAMES.userAgent]: summary.client.userAgent,
      [NAMES.errorType]: error?.code ?? (status >= 400 ? String(status) : undefined),
      [NAMES.requestId]: summary.id,
      [NAMES.key]: summary.key?.name,
      [NAMES.client]: summary.client.name,
      [NAMES.dialect]: summary.dialect,
      ...(operation !== undefined && { [NAMES.operation]: operation, ...turnAttributes(summary) }),
    }),
    ...(failed && { failure: error === undefined ? `status ${status}` : `${error.code}: ${error.message}` }),
  };
};

const turnAttributes = (summary: RequestSummary) => {
  const { tokens, cost, firstTokenMs, stopReason } = summary;
  return {
    [NAMES.provider]: PROVIDER,
    [NAMES.requestModel]: summary.modelAsked,
    [NAMES.requestStream]: summary.streamed,
    [NAMES.responseModel]: summary.model,
    [NAMES.finishReasons]: stopReason === undefined ? undefined : [stopReason],
    [NAMES.timeToFirstChunk]: firstTokenMs === undefined ? undefined : firstTokenMs / 1000,
    [NAMES.conversation]: summary.client.session,
    [NAMES.strategy]: summary.strategy,
    [NAMES.queueSeconds]: summary.queueMs / 1000,
    [NAMES.retries]: summary.retries,
    ...(cost.basis !== 'none' && {
      // The conventions count what came from the cache, and what went there, as input too.
      [NAMES.inputTokens]: tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h,
      [NAMES.outputTokens]: tokens.output,
      [NAMES.cacheReadTokens]: tokens.cacheRead,
      [NAMES.cacheWriteTokens]: tokens.cacheWrite5m + tokens.cacheWrite1h,
      [NAMES.thinkingTokens]: tokens.thinking,
      [NAMES.webSearches]: summary.webSearches,
      [NAMES.costBasis]: cost.basis,
      ...(cost.usd !== 'unknown' && { [NAMES.costUsd]: cost.usd }),
    }),
  };
};

/** Undefined where no model was asked to answer. */
const operationOf = ({ modelAsked, endpoint }: RequestSummary, path: string): string | undefined => {
  if (modelAsked === undefined || !endpoint.startsWith('POST ') || /count_?tokens|input_tokens/iu.test(path))
    return undefined;
  return /(^|\/)(api\/generate|completions)$/u.test(path) && !path.endsWith('chat/completions')
    ? 'text_completion'
    : 'chat';
};

/** Without ids, so that requests of one kind have one name. */
const routeOf = (path: string): string =>
  path
    .split('/')
    .map((part) => (/^[a-z]+_[\w-]{8,}$/u.test(part) && /\d/u.test(part) ? '{id}' : part))
    .join('/');
