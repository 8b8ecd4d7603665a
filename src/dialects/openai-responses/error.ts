/**
 * OpenAI's error envelope with the codes that clients of the Responses API handle: Codex waits, shortens the
 * conversation, or reports that a plan is used up. No imports from Node: the Worker renders errors too.
 */
import { z } from 'zod';
import type { ErrorCode, TurnError } from '../../turn/errors.ts';
import type { RenderedError, SseFrame } from '../dialect.ts';
import { errorBody } from '../openai/error.ts';

/** Codes that Codex knows instead of those of OpenAI's other endpoints. */
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

/** `response.error` of a failed response. */
export const errorOf = (error: TurnError): ResponseFailure => {
  const { code, message } = inner(error);
  return { code, message };
};

/** OpenAI's types are flat, the Open Responses schema nests the error; OpenAI's SDK throws only for the nested form. */
export const errorEvent = (error: TurnError) => {
  const { code, message, param } = inner(error);
  return { type: 'error', code, message, param, error: inner(error) } as const;
};

export const renderError = (error: TurnError): RenderedError => ({ body: { error: inner(error) } });

/** For a stream whose state is unknown; others end with `response.failed`. */
export const errorFrame = (error: TurnError): SseFrame => ({
  event: 'error',
  data: JSON.stringify({ ...errorEvent(error), sequence_number: 0 }),
});

/** A body that is not an error of this server: only its text is used. */
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

/** Errors that clients handle only at the end of a stream: Codex shortens its conversation only then. */
export const belongsInStream = (error: TurnError): boolean => inner(error).code === TOO_LONG;

const inner = (error: TurnError) => {
  const body = errorBody(error);
  // Where the API's error names a field of the caller, that field has an invalid value.
  const named = error.code === 'upstream_invalid_request' && error.param !== undefined && body.code !== TOO_LONG;
  const code = named ? 'invalid_value' : (CODES[error.code] ?? body.code);
  return {
    ...body,
    type: isPlanLimit(error) ? 'usage_limit_reached' : body.type,
    code,
    message: withDelay(error, code),
  };
};

/** Codex then reports when the plan's window resets, instead of too many retries. */
const isPlanLimit = ({ code, retryAfterSeconds = 0 }: TurnError): boolean =>
  code === 'upstream_rate_limited' && retryAfterSeconds >= 60;

/** Codex parses the delay from the message. */
const withDelay = ({ message, retryAfterSeconds }: TurnError, code: string): string =>
  code === 'rate_limit_exceeded' && retryAfterSeconds !== undefined && !/try again in/iu.test(message)
    ? `${message} Please try again in ${retryAfterSeconds}s.`
    : message;
