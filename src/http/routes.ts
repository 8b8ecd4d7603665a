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
  /** The dialects that share this path; empty for the server's own routes. */
  readonly dialects: readonly Dialect[];
  /** The required role; absent: any key. */
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
  // Pages without a role: a visitor without a login gets the login form.
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
 * The dialect of a request, also where no route matches, because errors are written in it. The dialect whose paths
 * match the beginning or the end of the requested path best wins; where several share a path, the one that recognises
 * the request.
 */
export const dialectOf = (asked: Asked, table: readonly Route[]): Dialect => {
  const candidates = candidatesFor(asked.path, table);
  const [first] = candidates;
  const recognised = candidates.find(({ recognises }) => recognises?.(asked) === true);
  const dialect = recognised ?? candidates.find(({ recognises }) => recognises === undefined) ?? first;
  if (dialect === undefined) throw new TypeError('A table of routes needs a dialect.');
  return dialect;
};

/** What was found for the paths that stand in a table, which nearly every request asks for. */
const known = new WeakMap<readonly Route[], Map<string, readonly Dialect[]>>();

const candidatesFor = (path: string, table: readonly Route[]): readonly Dialect[] => {
  const inTable = known.get(table) ?? new Map(table.map((route) => [route.path, closest(route.path, table)]));
  known.set(table, inTable);
  return inTable.get(path) ?? closest(path, table);
};

const closest = (asked: string, table: readonly Route[]): readonly Dialect[] => {
  let most = -1;
  let candidates: Dialect[] = [];
  for (const { path, dialects } of table) {
    const common = dialects.length === 0 ? -1 : Math.max(commonSegments(path, asked), endSegments(path, asked));
    if (common < most || common === -1) continue;
    if (common > most) candidates = [];
    most = common;
    candidates.push(...dialects);
  }
  return candidates;
};

/** How many leading segments two paths share; a complete match counts one more. A parameter matches any segment. */
const commonSegments = (pattern: string, path: string): number => {
  const [wanted, given] = [pattern.split('/').slice(1), path.split('/').slice(1)];
  const differs = wanted.findIndex((segment, index) => segment !== given[index] && !segment.startsWith(':'));
  if (differs !== -1) return Math.min(differs, given.length);
  return Math.min(wanted.length, given.length) + Number(wanted.length === given.length);
};

/** The base URL is too long: the part that the client appended still shows its dialect. */
const endSegments = (pattern: string, path: string): number =>
  path.endsWith(pattern) ? pattern.split('/').length - 1 : 0;
