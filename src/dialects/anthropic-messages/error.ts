/**
 * The error envelope of the Messages API: https://docs.anthropic.com/en/api/errors. No imports from Node: the Worker
 * renders errors too.
 */
import { z } from 'zod';
import type { ErrorCode, TurnError } from '../../turn/errors.ts';
import type { RenderedError, SseFrame } from '../dialect.ts';

const TYPES: Readonly<Record<ErrorCode, string>> = {
  invalid_json: 'invalid_request_error',
  invalid_request: 'invalid_request_error',
  unsupported_parameter: 'invalid_request_error',
  thread_unsupported: 'invalid_request_error',
  authentication: 'authentication_error',
  forbidden: 'permission_error',
  route_not_found: 'not_found_error',
  model_not_found: 'not_found_error',
  response_not_found: 'not_found_error',
  previous_response_not_found: 'invalid_request_error',
  method_not_allowed: 'invalid_request_error',
  request_timeout: 'timeout_error',
  body_too_large: 'request_too_large',
  unsupported_media_type: 'invalid_request_error',
  unsupported_endpoint: 'not_found_error',
  queue_full: 'rate_limit_error',
  queue_timeout: 'rate_limit_error',
  too_many_wrong_keys: 'rate_limit_error',
  key_limit: 'rate_limit_error',
  client_closed: 'api_error',
  internal: 'api_error',
  engine_died: 'api_error',
  draining: 'api_error',
  server_busy: 'overloaded_error',
  engine_unavailable: 'api_error',
  store_unavailable: 'api_error',
  turn_timeout: 'timeout_error',
  not_logged_in: 'authentication_error',
  upstream_invalid_request: 'invalid_request_error',
  upstream_authentication: 'authentication_error',
  upstream_billing: 'billing_error',
  upstream_permission: 'permission_error',
  upstream_not_found: 'not_found_error',
  upstream_too_large: 'request_too_large',
  upstream_rate_limited: 'rate_limit_error',
  upstream_error: 'api_error',
  upstream_unreachable: 'api_error',
  upstream_timeout: 'timeout_error',
  upstream_overloaded: 'overloaded_error',
};

export const errorSchema = z.object({
  type: z.literal('error'),
  error: z.looseObject({ type: z.string(), message: z.string() }),
  request_id: z.string(),
});

export const renderError = (error: TurnError, requestId: string): RenderedError => ({
  body: {
    type: 'error',
    error: { ...error.details, type: TYPES[error.code], message: error.message },
    request_id: requestId,
  },
});

export const errorFrame = (error: TurnError, requestId: string): SseFrame => ({
  event: 'error',
  data: JSON.stringify(renderError(error, requestId).body),
});
