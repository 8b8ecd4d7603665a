/** Where this server describes itself. Open to everybody: it says no more than the project's own docs. */

export const OPENAPI_ROUTES = [
  { method: 'GET', path: '/openapi.json', action: 'openapi' },
  { method: 'GET', path: '/docs', action: 'api-docs' },
  { method: 'GET', path: '/docs/style.css', action: 'api-docs-style' },
] as const;

export type OpenApiAction = (typeof OPENAPI_ROUTES)[number]['action'];
