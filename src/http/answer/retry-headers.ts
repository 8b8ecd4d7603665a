/** Whether and when a retry can help: as headers, and in the message for those who read only that. */
import type { Dialect } from '../../dialects/dialect.ts';
import { statusOf, TurnError } from '../../turn/errors.ts';

/** `x-should-retry: false` stops the SDKs of both vendors from useless retries. */
export const retryHeaders = (
  error: TurnError,
  { longestRetrySeconds = Infinity }: Pick<Dialect, 'longestRetrySeconds'>,
): Record<string, string> => {
  const seconds = wholeSeconds(error.retryAfterSeconds);
  const tooSoon = isLimit(error) && seconds !== undefined && seconds > longestRetrySeconds;
  return {
    ...(seconds !== undefined && { 'retry-after': String(seconds) }),
    ...(tooSoon && { 'x-should-retry': 'false' }),
  };
};

/**
 * The error of a limit, with its duration in the message. `known` is that duration in seconds where the error does not
 * have it.
 */
export const withWait = (error: TurnError, known?: number): TurnError => {
  const seconds = wholeSeconds(error.retryAfterSeconds ?? known);
  if (!isLimit(error) || seconds === undefined) return error;
  const { code, message, param, details, cause } = error;
  const hasTime = seconds === 0 || /\b(?:try again|retry) (?:in|after)\b/iu.test(message);
  return new TurnError(code, hasTime ? message : `${message.replace(/[.\s]*$/u, '')}. Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
    ...(param !== undefined && { param }),
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  });
};

const isLimit = (error: TurnError): boolean => statusOf(error) === 429;

/** The header has whole seconds: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
const wholeSeconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.ceil(seconds);
