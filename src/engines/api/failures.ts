/** Converts failures of the upstream to errors with a code and the upstream's own message. */
import { codeOfUpstreamStatus, codeOfUpstreamType, TurnError } from '../../turn/errors.ts';
import { retryAfterSeconds } from './retry-after.ts';
import type { UpstreamResponse } from './upstream.ts';

/** The error of an unsuccessful response. Its body is read as far as it arrives. */
export const failureOf = async (
  response: Pick<UpstreamResponse, 'status' | 'headers' | 'json'>,
): Promise<TurnError> => {
  const { type, message, ...details } = await errorMember(response);
  const byType = codeOfUpstreamType(typeof type === 'string' ? type : '');
  const code = byType === 'upstream_error' ? codeOfUpstreamStatus(response.status) : byType;
  const seconds = retryAfterSeconds(response.headers);
  return new TurnError(
    code,
    typeof message === 'string' ? message : `The upstream answered with status ${response.status}.`,
    {
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
      ...(Object.keys(details).length > 0 && { details }),
    },
  );
};

/** A connection that could not be made. The system's code, such as ECONNREFUSED, helps the owner. */
export const unreachable = (cause: unknown): TurnError => {
  const code = systemCode(cause);
  return new TurnError(
    'upstream_unreachable',
    `The upstream cannot be reached${code === undefined ? '' : ` (${code})`}.`,
    { cause },
  );
};

/** A connection that broke after the answer had begun. */
export const brokenAnswer = (cause: unknown): TurnError =>
  new TurnError('upstream_error', 'The connection to the upstream broke in the middle of its answer.', { cause });

export const notJson = (cause: unknown): TurnError =>
  new TurnError('upstream_error', 'The upstream answered with something that is not JSON.', { cause });

/** The built-in `fetch` hides it in the cause of its error. */
const systemCode = (error: unknown): string | undefined => codeOf(error) ?? codeOf((error as Error | undefined)?.cause);

const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** The `error` member of the API's envelope; empty where a gateway answered with something else. */
const errorMember = async (
  response: Pick<UpstreamResponse, 'status' | 'headers' | 'json'>,
): Promise<Record<string, unknown>> => {
  try {
    const body: unknown = await response.json();
    const error: unknown = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    return typeof error === 'object' && error !== null ? { ...error } : {};
  } catch {
    // Not JSON, or cut off: only the status is known.
    return {};
  }
};
