/** Renders every failure in the caller's dialect. */
import type { ErrorHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { statusOf, toTurnError, type TurnError } from '../turn/errors.ts';
import { plainError } from './admin/guard.ts';
import { isAdminPath } from './admin/routes.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { retryHeaders, withWait } from './answer/retry-headers.ts';
import type { Services } from './services.ts';

export const renderThrown =
  (services: Pick<Services, 'log'>): ErrorHandler<HttpEnv> =>
  (thrown, c) =>
    respondError(thrown, c, services);

export const respondError = (thrown: unknown, c: HttpContext, services: Pick<Services, 'log'>): Response => {
  const error = withWait(toTurnError(thrown));
  noteError(error, c, services);
  const dialect = c.get('dialect');
  for (const [name, value] of Object.entries(retryHeaders(error, dialect))) c.header(name, value);
  if (dialect.requestIdHeader !== undefined) c.header(dialect.requestIdHeader, c.get('requestId'));
  const requestId = c.get('requestId');
  const body = isAdminPath(c.req.path) ? plainError(error, requestId) : dialect.renderError(error, requestId).body;
  return c.json(body, statusOf(error) as ContentfulStatusCode);
};

/** The request's summary names the error; what was not foreseen is logged whole. */
export const noteError = (error: TurnError, c: HttpContext, { log }: Pick<Services, 'log'>): void => {
  c.get('record').failed(error);
  if (error.code === 'internal') log.error({ id: c.get('requestId'), err: error.cause ?? error }, 'internal error');
  else if (error.cause !== undefined)
    log.debug({ id: c.get('requestId'), code: error.code, err: error.cause }, error.message);
};
