/**
 * The closed list of everything that can go wrong, and one table from code to HTTP status.
 * Code throws a `TurnError` with a code; the status comes from here, the body from the dialect.
 */
const STATUS = {
  // The request.
  invalid_json: 400,
  invalid_request: 400,
  unsupported_parameter: 400,
  thread_unsupported: 400,
  authentication: 401,
  forbidden: 403,
  route_not_found: 404,
  model_not_found: 404,
  unsupported_endpoint: 404,
  response_not_found: 404,
  previous_response_not_found: 400,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  unsupported_media_type: 415,
  // This server.
  queue_full: 429,
  queue_timeout: 429,
  too_many_wrong_keys: 429,
  /** The caller's key has used up one of its own limits; `details.limit` names it. */
  key_limit: 429,
  client_closed: 499,
  internal: 500,
  engine_died: 502,
  draining: 503,
  server_busy: 503,
  engine_unavailable: 503,
  store_unavailable: 503,
  turn_timeout: 504,
  // The account, and the API behind it.
  not_logged_in: 401,
  upstream_invalid_request: 400,
  upstream_authentication: 401,
  upstream_billing: 402,
  upstream_permission: 403,
  upstream_not_found: 404,
  upstream_too_large: 413,
  upstream_rate_limited: 429,
  upstream_error: 500,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  upstream_overloaded: 529,
} as const;

export type ErrorCode = keyof typeof STATUS;

export interface ErrorDetails {
  /** The field at fault, as a path in the caller's own request: `messages.2.content`. */
  readonly param?: string;
  readonly retryAfterSeconds?: number;
  /** Extra members for the `error` object of the Anthropic envelope. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure with a code from the closed list. `message` is shown to the caller: no secrets, no paths. */
export class TurnError extends Error {
  override readonly name = 'TurnError';
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.details = details.details;
  }
}

export const errorCodes = Object.keys(STATUS) as readonly ErrorCode[];

export const statusOf = (error: TurnError): number => STATUS[error.code];

/** Converts anything thrown to a TurnError. An unforeseen error becomes `internal`; its text goes to the log only. */
export const toTurnError = (thrown: unknown): TurnError =>
  thrown instanceof TurnError
    ? thrown
    : new TurnError('internal', 'Internal error of the proxy; its log has the details.', { cause: thrown });

const BY_UPSTREAM_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'upstream_invalid_request',
  401: 'upstream_authentication',
  402: 'upstream_billing',
  403: 'upstream_permission',
  404: 'upstream_not_found',
  408: 'upstream_timeout',
  413: 'upstream_too_large',
  422: 'upstream_invalid_request',
  429: 'upstream_rate_limited',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
};

/** The code of an HTTP status of the Anthropic API. */
export const codeOfUpstreamStatus = (status: number): ErrorCode =>
  BY_UPSTREAM_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_invalid_request' : 'upstream_error');

const BY_UPSTREAM_TYPE: Readonly<Record<string, ErrorCode>> = {
  invalid_request_error: 'upstream_invalid_request',
  authentication_error: 'upstream_authentication',
  billing_error: 'upstream_billing',
  permission_error: 'upstream_permission',
  not_found_error: 'upstream_not_found',
  request_too_large: 'upstream_too_large',
  rate_limit_error: 'upstream_rate_limited',
  timeout_error: 'upstream_timeout',
  overloaded_error: 'upstream_overloaded',
};

/**
 * The code of an error type of the Anthropic API (https://docs.anthropic.com/en/api/errors), as sent inside a stream.
 */
export const codeOfUpstreamType = (type: string): ErrorCode => BY_UPSTREAM_TYPE[type] ?? 'upstream_error';
