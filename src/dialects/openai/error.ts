/**
 * OpenAI's error envelope: https://platform.openai.com/docs/guides/error-codes. No imports from Node: the Worker
 * renders errors too.
 */
import { z } from 'zod';
import type { ErrorCode, TurnError } from '../../turn/errors.ts';
import type { RenderedError, SseFrame } from '../dialect.ts';

interface Kind {
  readonly type: string;
  readonly code: string;
}

const kind = (type: string, code: string): Kind => ({ type, code });

const KINDS: Readonly<Record<ErrorCode, Kind>> = {
  invalid_json: kind('invalid_request_error', 'invalid_json'),
  invalid_request: kind('invalid_request_error', 'invalid_value'),
  unsupported_parameter: kind('invalid_request_error', 'unsupported_parameter'),
  thread_unsupported: kind('invalid_request_error', 'unsupported_parameter'),
  authentication: kind('authentication_error', 'invalid_api_key'),
  forbidden: kind('permission_error', 'forbidden'),
  route_not_found: kind('invalid_request_error', 'unknown_url'),
  model_not_found: kind('invalid_request_error', 'model_not_found'),
  response_not_found: kind('invalid_request_error', 'response_not_found'),
  previous_response_not_found: kind('invalid_request_error', 'previous_response_not_found'),
  method_not_allowed: kind('invalid_request_error', 'method_not_allowed'),
  request_timeout: kind('invalid_request_error', 'request_timeout'),
  body_too_large: kind('invalid_request_error', 'request_too_large'),
  unsupported_media_type: kind('invalid_request_error', 'unsupported_media_type'),
  unsupported_endpoint: kind('invalid_request_error', 'unsupported_endpoint'),
  queue_full: kind('rate_limit_error', 'rate_limit_exceeded'),
  queue_timeout: kind('rate_limit_error', 'rate_limit_exceeded'),
  too_many_wrong_keys: kind('rate_limit_error', 'rate_limit_exceeded'),
  key_limit: kind('rate_limit_error', 'rate_limit_exceeded'),
  client_closed: kind('server_error', 'client_closed_request'),
  internal: kind('server_error', 'internal_error'),
  engine_died: kind('server_error', 'engine_died'),
  draining: kind('server_error', 'server_shutting_down'),
  server_busy: kind('server_error', 'server_busy'),
  engine_unavailable: kind('server_error', 'engine_unavailable'),
  store_unavailable: kind('server_error', 'store_unavailable'),
  turn_timeout: kind('server_error', 'timeout'),
  not_logged_in: kind('authentication_error', 'not_logged_in'),
  upstream_invalid_request: kind('invalid_request_error', 'invalid_request_error'),
  upstream_authentication: kind('authentication_error', 'upstream_authentication'),
  upstream_billing: kind('insufficient_quota', 'insufficient_quota'),
  upstream_permission: kind('permission_error', 'permission_denied'),
  upstream_not_found: kind('invalid_request_error', 'model_not_found'),
  upstream_too_large: kind('invalid_request_error', 'request_too_large'),
  upstream_rate_limited: kind('rate_limit_error', 'rate_limit_exceeded'),
  upstream_error: kind('server_error', 'upstream_error'),
  upstream_unreachable: kind('server_error', 'upstream_unreachable'),
  upstream_timeout: kind('server_error', 'timeout'),
  upstream_overloaded: kind('server_error', 'overloaded'),
};

export const errorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});

export interface ErrorBody extends Kind {
  readonly message: string;
  readonly param: string | null;
}

export const errorBody = (error: TurnError): ErrorBody => {
  const { type, code } = KINDS[error.code];
  return {
    message: error.message,
    type,
    param: error.param ?? null,
    code: isTooLong(error) ? 'context_length_exceeded' : code,
  };
};

export const renderError = (error: TurnError): RenderedError => ({ body: { error: errorBody(error) } });

/** The stream ends after it without `[DONE]`: the text so far is not an answer. */
export const errorFrame = (error: TurnError): SseFrame => ({ data: JSON.stringify(renderError(error).body) });

/** Clients shorten the conversation on this code; the API says so only in its message. */
const isTooLong = (error: TurnError): boolean =>
  (error.code === 'upstream_invalid_request' || error.code === 'upstream_too_large') &&
  /prompt is too long|exceed(?:s|ed)? (?:the )?(?:model's )?context|context (?:window|limit)/iu.test(error.message);
