/** The pages about what was asked, and the one to ask from. */
import type { DashboardHandlers } from '../http/dashboard/routes.ts';
import type { Admin } from '../http/admin/admin.ts';
import type { Clock } from '../util/clock.ts';
import type { Frame } from './frame.ts';
import { fieldsOf } from './pages/filter-form.ts';
import { idOf } from './keys.ts';
import { playgroundPage } from './pages/playground.ts';
import { contentPage, requestPage } from './pages/request.ts';
import { requestsPage } from './pages/requests.ts';
import { usagePage } from './pages/usage.ts';

interface Parts extends Pick<Frame, 'page'> {
  readonly clock: Pick<Clock, 'now'>;
}

type Reports = Pick<
  DashboardHandlers,
  'dashboard-usage' | 'dashboard-requests' | 'dashboard-request' | 'dashboard-content' | 'dashboard-playground'
>;

export const reportHandlers = (admin: Admin, { page, clock }: Parts): Reports => ({
  'dashboard-usage': page(({ c }) => usagePage(admin, fieldsOf(c), clock.now())),
  'dashboard-requests': page(({ c }) => requestsPage(admin, fieldsOf(c), clock.now())),
  'dashboard-request': page((asked) => requestPage(admin, idOf(asked))),
  'dashboard-content': page((asked) => contentPage(admin, idOf(asked))),
  'dashboard-playground': page(() => playgroundPage(admin)),
});
