/**
 * Every route, once: Node and the Worker serve this table, each with its own handlers. The rows of a dialect come
 * from the dialect itself.
 */
import type { z } from 'zod';
import type { Dialect, DialectAction, DialectRoute } from '../dialects/dialect.ts';
import { ADMIN_ROUTES, type AdminAction } from './admin/routes.ts';
import { OPENAPI_ROUTES, type OpenApiAction } from './openapi/routes.ts';
import { DASHBOARD_ROUTES, type DashboardAction } from './dashboard/routes.ts';

export type Action =
  | DialectAction
  | AdminAction
  | DashboardAction
  | 'index'
  | 'ping'
  | 'live'
  | 'ready'
  | 'health'
  | 'metrics'
  | OpenApiAction;

export interface Route {
  readonly method: DialectRoute['method'] | 'PATCH';
  readonly path: string;
  readonly action: Action;
  /** The dialects that have this path; none for routes of the server's own. */
  readonly dialects: readonly Dialect[];
  /** The role that a key must have; any key will do where it is absent. */
  readonly role?: 'admin';
  /** What is read of the query and the body, for the OpenAPI document. */
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The path under its dialect's first root, where this one has another: the same request under another base URL. */
  readonly aliasOf?: string;
}

const OWN_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/', action: 'index', dialects: [] },
  { method: 'GET', path: '/ping', action: 'ping', dialects: [] },
  { method: 'GET', path: '/live', action: 'live', dialects: [] },
  { method: 'GET', path: '/ready', action: 'ready', dialects: [] },
  { method: 'GET', path: '/health', action: 'health', dialects: [] },
  { method: 'GET', path: '/metrics', action: 'metrics', dialects: [] },
  ...OPENAPI_ROUTES.map((route) => ({ ...route, dialects: [] })),
  ...ADMIN_ROUTES.map((route) => ({ ...route, dialects: [], role: 'admin' as const })),
  // Without a role: who is not logged in gets the form for it.
  ...DASHBOARD_ROUTES.map((route) => ({ ...route, dialects: [] })),
];

export const createRouteTable = (dialects: readonly Dialect[]): readonly Route[] => {
  const rows = dialects.flatMap((dialect) =>
    dialect.roots.flatMap((root, index) =>
      dialect.routes.map((route) => ({
        ...route,
        path: root + route.path,
        ...(index > 0 && { aliasOf: (dialect.roots[0] ?? '') + route.path }),
        dialect,
      })),
    ),
  );
  const byPath = Map.groupBy(rows, ({ method, path }) => `${method} ${path}`);
  const shared = [...byPath.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, dialects: [first, ...others].map(({ dialect }) => dialect) }],
  );
  return [...OWN_ROUTES, ...shared.map(({ dialect: _, ...route }) => route)];
};

interface Asked {
  readonly path: string;
  readonly headers: Headers;
  readonly query: URLSearchParams;
}

/**
 * The dialect that a request is in, also where no route answers it: errors are written in it. The paths that have
 * most in common with the asked one, at its beginning or as its end, decide; where several dialects share them, the one
 * that recognises the request.
 */
export const dialectOf = (asked: Asked, table: readonly Route[]): Dialect => {
  let most = -1;
  let candidates: Dialect[] = [];
  for (const { path, dialects } of table) {
    const common =
      dialects.length === 0 ? -1 : Math.max(commonSegments(path, asked.path), endSegments(path, asked.path));
    if (common < most || common === -1) continue;
    if (common > most) candidates = [];
    most = common;
    candidates.push(...dialects);
  }
  const [first] = candidates;
  const recognised = candidates.find(({ recognises }) => recognises?.(asked) === true);
  const dialect = recognised ?? candidates.find(({ recognises }) => recognises === undefined) ?? first;
  if (dialect === undefined) throw new TypeError('A table of routes needs a dialect.');
  return dialect;
};

/** How many segments two paths begin with alike; a whole match counts one more. A parameter takes any segment. */
const commonSegments = (pattern: string, path: string): number => {
  const [wanted, given] = [pattern.split('/').slice(1), path.split('/').slice(1)];
  const differs = wanted.findIndex((segment, index) => segment !== given[index] && !segment.startsWith(':'));
  if (differs !== -1) return Math.min(differs, given.length);
  return Math.min(wanted.length, given.length) + Number(wanted.length === given.length);
};

/** A base URL with too much in it: what the client itself put behind it still tells what it speaks. */
const endSegments = (pattern: string, path: string): number =>
  path.endsWith(pattern) ? pattern.split('/').length - 1 : 0;
