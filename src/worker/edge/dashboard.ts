/**
 * The dashboard in the Worker: pages, login and forms are made here, from what `/admin` of the containers answers. A
 * visitor without a session wakes nothing.
 */
import type { Handler } from 'hono';
import type { HttpContext, HttpEnv } from '../../http/context.ts';
import { DASHBOARD_ROUTES, type CreateDashboard, type DashboardHandlers } from '../../http/dashboard/routes.ts';
import { TurnError } from '../../turn/errors.ts';
import { remoteAdmin, type AdminRequest, type AskAdmin } from './remote-admin.ts';
import { sendAnywhere, sendOnly, sendWhereItRuns, type AwakeServices, type ToSend } from './send.ts';

interface EdgeDashboardServices extends AwakeServices {
  readonly dashboard: CreateDashboard;
}

/** `Admin` asks as the caller of one request, so each request has its own. */
export const dashboardHandlers = (services: EdgeDashboardServices): DashboardHandlers =>
  Object.fromEntries(
    DASHBOARD_ROUTES.map(({ action }): [string, Handler<HttpEnv>] => [
      action,
      (c, next) => services.dashboard(remoteAdmin(asking(c, services)))[action](c, next),
    ]),
  ) as unknown as DashboardHandlers;

const asking = (c: HttpContext, services: EdgeDashboardServices): AskAdmin => {
  let asked = 0;
  const toSend = ({ method, path, body }: AdminRequest): ToSend => {
    refuseOthers(c);
    asked += 1;
    return {
      own: { method, path, requestId: `${c.get('requestId')}_${asked}` },
      ...(body !== undefined && { body: new Uint8Array(new TextEncoder().encode(JSON.stringify(body))) }),
    };
  };
  const anywhere: AskAdmin['anywhere'] = (request) => sendAnywhere(c, toSend(request), services);
  return {
    anywhere,
    everyAwake: async (request) =>
      Promise.all((await services.awake()).map((name) => sendOnly(c, { name, ...toSend(request) }, services))),
    whereItRuns: (request) => sendWhereItRuns(c, toSend(request), services),
  };
};

/** Pages ask nothing before the login; a request without its caller would go out in the owner's name. */
const refuseOthers = (c: HttpContext): void => {
  if (c.get('caller')?.role !== 'admin') throw new TurnError('forbidden', 'Only an admin may ask for this.');
};
