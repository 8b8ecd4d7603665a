/** The handlers of the dashboard's routes. */
import type { CreateDashboard } from '../http/dashboard/routes.ts';
import type { HttpContext } from '../http/context.ts';
import { TurnError } from '../turn/errors.ts';
import { respondAsset } from './assets.ts';
import { createFrame, type FrameParts } from './frame.ts';
import { changeKey, emptyKeyForm, idOf, makeKey, revokeKey, showKey } from './keys.ts';
import { login, loginForm, logout, type LoginParts } from './login.ts';
import { healthPage } from './pages/health.ts';
import { keysPage, revokePage } from './pages/keys.ts';
import { limitsPage } from './pages/limits.ts';
import { modelsPage } from './pages/models.ts';
import { nowPage } from './pages/now.ts';
import { reportHandlers } from './report-handlers.ts';
import type { Clock } from '../util/clock.ts';

export type DashboardParts = LoginParts & FrameParts & { readonly clock: Pick<Clock, 'now'> };

export const createDashboard =
  (parts: DashboardParts): CreateDashboard =>
  (admin) => {
    const { clock } = parts;
    const { page, action, open } = createFrame(parts);
    return {
      'dashboard-now': page(({ c }) => nowPage(admin, { address: addressOf(c), now: clock.now() })),
      'dashboard-cancel-turn': action(async (asked) => {
        await admin.cancelTurn(idOf(asked), asked.caller.name);
        return { to: '/dashboard' };
      }),
      'dashboard-keys': page(({ c }) => keysPage(admin, { revoked: c.req.query('revoked') === '1' })),
      'dashboard-new-key': page(() => emptyKeyForm(admin)),
      'dashboard-create-key': action((sent) => makeKey(admin, sent, addressOf(sent.c))),
      'dashboard-key': page((asked) => showKey(admin, asked)),
      'dashboard-change-key': action((sent) => changeKey(admin, sent)),
      'dashboard-ask-revoke': page(async (asked) => revokePage(await admin.key(idOf(asked)))),
      'dashboard-revoke-key': action((sent) => revokeKey(admin, sent)),
      'dashboard-limits': page(() => limitsPage(admin, clock.now())),
      'dashboard-models': page(() => modelsPage(admin)),
      'dashboard-health': page(() => healthPage(admin)),
      ...reportHandlers(admin, { page, clock }),
      'dashboard-login-form': open(async (c) => loginForm(c)),
      'dashboard-login': open((c) => login(c, parts)),
      'dashboard-logout': open((c) => logout(c, parts)),
      'dashboard-asset': open(async (c) => respondAsset(c, parts.assets) ?? notFound()),
      'dashboard-not-found': page(({ c }) => (c.req.path === '/dashboard/' ? { to: '/dashboard' } : notFound())),
    };
  };

/** As the browser reached this server, which is how clients on its machine do. */
const addressOf = (c: HttpContext): string => {
  const { protocol, host } = new URL(c.req.url);
  return `${protocol}//${host}`;
};

const notFound = (): never => {
  throw new TurnError('route_not_found', 'There is no such page.');
};
