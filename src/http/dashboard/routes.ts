/** The paths of the dashboard. Its pages are made by `src/dashboard`, which stands on top of this layer. */
import type { Handler } from 'hono';
import { TurnError } from '../../turn/errors.ts';
import type { Admin } from '../admin/admin.ts';
import type { HttpEnv } from '../context.ts';

export const DASHBOARD_ROUTES = [
  { method: 'GET', path: '/dashboard', action: 'dashboard-now' },
  { method: 'POST', path: '/dashboard/turns/:id/cancel', action: 'dashboard-cancel-turn' },
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
