/** The pages about what was asked, and the one to ask from. */
import type { DashboardHandlers } from '../http/dashboard/routes.ts';
import type { Admin } from '../http/admin/admin.ts';
import type { Clock } from '../util/clock.ts';
import type { Frame } from './frame.ts';
import { fieldsOf } from './pages/filter-form.ts';
import { usagePage } from './pages/usage.ts';

interface Parts extends Pick<Frame, 'page'> {
  readonly clock: Pick<Clock, 'now'>;
}

type Reports = Pick<DashboardHandlers, 'dashboard-usage'>;

export const reportHandlers = (admin: Admin, { page, clock }: Parts): Reports => ({
  'dashboard-usage': page(({ c }) => usagePage(admin, fieldsOf(c), clock.now())),
});
