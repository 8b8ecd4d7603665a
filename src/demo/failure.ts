/** Errors in the words and the envelope of the API: https://docs.anthropic.com/en/api/errors. */
import type { DemoFailure } from './answer.ts';

const KNOWN: Readonly<Record<number, { readonly type: string; readonly message: string }>> = {
  400: { type: 'invalid_request_error', message: 'Demo: the request was invalid.' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'Demo: there is a problem with billing.' },
  403: { type: 'permission_error', message: 'Demo: this key has no permission for that.' },
  404: { type: 'not_found_error', message: 'Not found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'Demo: this request would exceed the rate limit.' },
  500: { type: 'api_error', message: 'Internal server error' },
  504: { type: 'timeout_error', message: 'Demo: the request timed out.' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};

export interface ErrorBody {
  readonly type: 'error';
  readonly error: { readonly type: string; readonly message: string };
  readonly request_id?: string;
}

export const errorBody = ({ status, type, message }: DemoFailure, requestId?: string): ErrorBody => {
  const byType = Object.values(KNOWN).find((known) => known.type === type);
  const known = byType ??
    KNOWN[status] ?? { type: status < 500 ? 'invalid_request_error' : 'api_error', message: `Demo: status ${status}.` };
  const error = { type: type ?? known.type, message: message ?? known.message };
  return { type: 'error', error, ...(requestId === undefined ? {} : { request_id: requestId }) };
};

/** The status an error type has where no stream has begun. */
export const statusOfType = (type: string): number =>
  Number(Object.entries(KNOWN).find(([, known]) => known.type === type)?.[0] ?? 500);
