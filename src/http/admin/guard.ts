/** Who may use `/admin`: a key whose role is admin, and of web pages only the server's own. */
import { z } from 'zod';
import type { MiddlewareHandler } from 'hono';
import { TurnError } from '../../turn/errors.ts';
import { isOwnPage, senderOf } from '../request/browser-guard.ts';
import type { HttpEnv } from '../context.ts';

/** Throws `forbidden`. CORS_ORIGINS does not count here: a page that may chat may not make keys. */
export const requireAdmin: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const sender = senderOf(c.req.raw.headers);
  if (sender.origin !== undefined && !isOwnPage(sender))
    throw new TurnError('forbidden', 'Web pages of other origins may not use /admin.');
  if (c.get('caller')?.role !== 'admin')
    throw new TurnError('forbidden', 'This key may not use /admin. It needs the role admin, as PROXY_API_KEY has it.');
  c.header('cache-control', 'no-store');
  await next();
};

export const plainErrorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().optional() }),
  requestId: z.string(),
});

/** The errors of `/admin`, which belongs to no dialect. */
export const plainError = (
  { code, message, param }: Pick<TurnError, 'code' | 'message' | 'param'>,
  requestId: string,
): object => ({ error: { code, message, ...(param !== undefined && { param }) }, requestId });
