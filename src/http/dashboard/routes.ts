/** The paths of the dashboard. Its pages are made by `src/dashboard`, which stands on top of this layer. */
import type { Handler } from 'hono';
import { TurnError } from '../../turn/errors.ts';
import type { Admin } from '../admin/admin.ts';
import type { HttpEnv } from '../context.ts';

export const DASHBOARD_ROUTES = [
  { method: 'GET', path: '/dashboard', action: 'dashboard-now' },
  { method: 'POST', path: '/dashboard/turns/:id/cancel', action: 'dashboard-cancel-turn' },
  { method: 'GET', path: '/dashboard/keys', action: 'dashboard-keys' },
  { method: 'GET', path: '/dashboard/keys/new', action: 'dashboard-new-key' },
  { method: 'POST', path: '/dashboard/keys', action: 'dashboard-create-key' },
  { method: 'GET', path: '/dashboard/keys/:id', action: 'dashboard-key' },
  { method: 'POST', path: '/dashboard/keys/:id', action: 'dashboard-change-key' },
  { method: 'GET', path: '/dashboard/keys/:id/revoke', action: 'dashboard-ask-revoke' },
  { method: 'POST', path: '/dashboard/keys/:id/revoke', action: 'dashboard-revoke-key' },
  { method: 'GET', path: '/dashboard/limits', action: 'dashboard-limits' },
  { method: 'GET', path: '/dashboard/models', action: 'dashboard-models' },
  { method: 'GET', path: '/dashboard/health', action: 'dashboard-health' },
  { method: 'GET', path: '/dashboard/usage', action: 'dashboard-usage' },
  { method: 'GET', path: '/dashboard/requests', action: 'dashboard-requests' },
  { method: 'GET', path: '/dashboard/requests/:id', action: 'dashboard-request' },
  { method: 'GET', path: '/dashboard/requests/:id/content', action: 'dashboard-content' },
  { method: 'GET', path: '/dashboard/playground', action: 'dashboard-playground' },
  { method: 'GET', path: '/dashboard/login', action: 'dashboard-login-form' },
  { method: 'POST', path: '/dashboard/login', action: 'dashboard-login' },
  { method: 'POST', path: '/dashboard/logout', action: 'dashboard-logout' },
  { method: 'GET', path: '/dashboard/assets/:version/:file', action: 'dashboard-asset' },
  // The last one: any other path below.
  { method: 'GET', path: '/dashboard/*', action: 'dashboard-not-found' },
] as const;

export type DashboardAction = (typeof DASHBOARD_ROUTES)[number]['action'];

export type DashboardHandlers = Readonly<Record<DashboardAction, Handler<HttpEnv>>>;

/** The pages do what `Admin` does, and nothing else. */
export type CreateDashboard = (admin: Admin) => DashboardHandlers;

export const isDashboardPath = (path: string): boolean => path === '/dashboard' || path.startsWith('/dashboard/');

const notHere = (): never => {
  throw new TurnError('route_not_found', 'This deployment has no dashboard.');
};

export const noDashboard = Object.fromEntries(
  DASHBOARD_ROUTES.map(({ action }) => [action, notHere]),
) as unknown as DashboardHandlers;
