/** The handlers of the dashboard's routes. */
import type { CreateDashboard } from '../http/dashboard/routes.ts';
import { TurnError } from '../turn/errors.ts';
import { respondAsset } from './assets.ts';
import { createFrame, type FrameParts } from './frame.ts';
import { login, loginForm, logout, type LoginParts } from './login.ts';
import { nowPage } from './pages/now.ts';

export type DashboardParts = LoginParts & FrameParts;

export const createDashboard =
  (parts: DashboardParts): CreateDashboard =>
  (admin) => {
    const { page, action, open } = createFrame(parts);
    return {
      'dashboard-now': page(() => nowPage(admin)),
      'dashboard-cancel-turn': action(async ({ c, caller }) => {
        admin.cancelTurn(c.req.param('id') ?? '', caller.name);
        return { to: '/dashboard' };
      }),
      'dashboard-login-form': open(async (c) => loginForm(c)),
      'dashboard-login': open((c) => login(c, parts)),
      'dashboard-logout': open((c) => logout(c, parts)),
      'dashboard-asset': open(async (c) => respondAsset(c, parts.assets) ?? notFound()),
      'dashboard-not-found': page(notFound),
    };
  };

const notFound = (): never => {
  throw new TurnError('route_not_found', 'There is no such page.');
};
