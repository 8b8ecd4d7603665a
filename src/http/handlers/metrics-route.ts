/** `/metrics` in Prometheus' format. It needs a key, like everything that shows other callers' usage. */
import type { Handler } from 'hono';
import { TurnError } from '../../turn/errors.ts';
import type { HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';

export const metricsRoute =
  ({ metrics }: Pick<Services, 'metrics'>): Handler<HttpEnv> =>
  async (c) => {
    if (metrics === undefined) throw new TurnError('route_not_found', 'This server keeps no metrics.');
    const { text, contentType } = await metrics();
    return c.body(text, 200, { 'content-type': contentType });
  };
