/** The paths of the HTTP API for those who run the server. Each needs a key whose role is admin. */
import { changedKey, newKey } from '../../access/named-keys.ts';
import { filterQuery, keysQuery, requestsQuery, sessionsQuery, usageQuery } from './query.ts';

export const ADMIN_ROUTES = [
  { method: 'GET', path: '/admin/keys', action: 'admin-keys', query: keysQuery },
  { method: 'POST', path: '/admin/keys', action: 'admin-create-key', body: newKey },
  { method: 'GET', path: '/admin/keys/:id', action: 'admin-key' },
  { method: 'PATCH', path: '/admin/keys/:id', action: 'admin-change-key', body: changedKey },
  { method: 'DELETE', path: '/admin/keys/:id', action: 'admin-revoke-key' },
  { method: 'GET', path: '/admin/usage', action: 'admin-usage', query: usageQuery },
  { method: 'GET', path: '/admin/usage/sessions', action: 'admin-sessions', query: sessionsQuery },
  { method: 'GET', path: '/admin/usage/blocks', action: 'admin-blocks', query: filterQuery },
  { method: 'GET', path: '/admin/requests', action: 'admin-requests', query: requestsQuery },
  { method: 'GET', path: '/admin/requests/:id', action: 'admin-request' },
  { method: 'GET', path: '/admin/limits', action: 'admin-limits' },
  { method: 'GET', path: '/admin/models', action: 'admin-models' },
  { method: 'GET', path: '/admin/turns', action: 'admin-turns' },
  { method: 'GET', path: '/admin/processes', action: 'admin-processes' },
  { method: 'DELETE', path: '/admin/turns/:id', action: 'admin-cancel-turn' },
  { method: 'GET', path: '/admin/health', action: 'admin-health' },
] as const;

export type AdminAction = (typeof ADMIN_ROUTES)[number]['action'];

export const isAdminPath = (path: string): boolean => path === '/admin' || path.startsWith('/admin/');
