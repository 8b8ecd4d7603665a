/**
 * OpenAI's error envelope, with the codes that clients of the Responses API act on: Codex waits, shortens the
 * conversation or says that a plan is used up. No imports from Node: the Worker renders errors too.
 */
import { z } from 'zod';
import type { ErrorCode, TurnError } from '../../turn/errors.ts';
import type { RenderedError, SseFrame } from '../dialect.ts';
import { errorBody } from '../openai/error.ts';

/** Where Codex knows another code than the one that OpenAI's other endpoints use. */
const CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  upstream_overloaded: 'server_is_overloaded',
  internal: 'server_error',
  engine_died: 'server_error',
  engine_unavailable: 'server_error',
  store_unavailable: 'server_error',
  draining: 'server_error',
  turn_timeout: 'server_error',
  upstream_error: 'server_error',
  upstream_unreachable: 'server_error',
  upstream_timeout: 'server_error',
};

const TOO_LONG = 'context_length_exceeded';

export interface ResponseFailure {
  readonly code: string;
  readonly message: string;
}

/** `response.error` of one that failed. */
export const errorOf = (error: TurnError): ResponseFailure => {
  const { code, message } = inner(error);
  return { code, message };
};

/**
 * OpenAI's types are flat, the Open Responses schema has the error inside, and OpenAI's SDK throws for that form only.
 */
export const errorEvent = (error: TurnError) => {
  const { code, message, param } = inner(error);
  return { type: 'error', code, message, param, error: inner(error) } as const;
};

export const renderError = (error: TurnError): RenderedError => ({ body: { error: inner(error) } });

/** For a stream of which nothing is known any more; the others end with `response.failed`. */
export const errorFrame = (error: TurnError): SseFrame => ({
  event: 'error',
  data: JSON.stringify({ ...errorEvent(error), sequence_number: 0 }),
});

/** Of a body that is no error of this server's, only the text is known. */
export const renderedErrorFrame = (body: string): SseFrame => {
  const { error } = renderedError.catch({ error: { code: null, message: body, param: null } }).parse(parseJson(body));
  const { code, message, param } = error;
  return { event: 'error', data: JSON.stringify({ type: 'error', sequence_number: 0, code, message, param, error }) };
};

const renderedError = z.looseObject({
  error: z.looseObject({ code: z.string().nullable(), message: z.string(), param: z.string().nullable() }),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Errors that a client expects at the end of a stream, not as a status: Codex shortens its conversation only then. */
export const belongsInStream = (error: TurnError): boolean => inner(error).code === TOO_LONG;

const inner = (error: TurnError) => {
  const body = errorBody(error);
  // Where the API's own refusal names a field of the caller's, it is one of its values.
  const named = error.code === 'upstream_invalid_request' && error.param !== undefined && body.code !== TOO_LONG;
  const code = named ? 'invalid_value' : (CODES[error.code] ?? body.code);
  return {
    ...body,
    type: isPlanLimit(error) ? 'usage_limit_reached' : body.type,
    code,
    message: withDelay(error, code),
  };
};

/** Codex then says when the plan's window opens again, instead of that it has tried too often. */
const isPlanLimit = ({ code, retryAfterSeconds = 0 }: TurnError): boolean =>
  code === 'upstream_rate_limited' && retryAfterSeconds >= 60;

/** Codex reads the delay out of the words. */
const withDelay = ({ message, retryAfterSeconds }: TurnError, code: string): string =>
  code === 'rate_limit_exceeded' && retryAfterSeconds !== undefined && !/try again in/iu.test(message)
    ? `${message} Please try again in ${retryAfterSeconds}s.`
    : message;
