/** The OpenAPI document and its page; both are made once, when they are first asked for. */
import type { Handler } from 'hono';
import type { HttpEnv } from '../context.ts';
import { openPaths } from '../request/authenticate.ts';
import type { Route } from '../routes.ts';
import { createOpenApi, type OpenApiDocument } from './document.ts';
import { documentPage, STYLE } from './page.ts';
import type { OpenApiAction } from './routes.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
};

export const openApiHandlers = (
  table: readonly Route[],
  version: string,
): Readonly<Record<OpenApiAction, Handler<HttpEnv>>> => {
  let made: OpenApiDocument | undefined;
  const document = (): OpenApiDocument =>
    (made ??= createOpenApi(table, { version, isOpen: (path) => openPaths.has(path) }));
  return {
    openapi: (c) => c.json(document()),
    'api-docs': async (c) => c.html(await documentPage(document()), 200, HEADERS),
    'api-docs-style': (c) => c.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }),
  };
};
