/** The alerts of a server: what is measured for them, and the call of the webhook. */
import { alertBody, formatFor, type AlertFormat } from '../access/alerts/alert-body.ts';
import { createAlerts, type Alerts, type SendAlert } from '../access/alerts/alerts.ts';
import { alertState, type AlertState, type Measure } from '../access/alerts/due-alerts.ts';
import { openWindows, paceOf } from '../access/limits/plan-state.ts';
import type { NamedKey } from '../access/named-keys.ts';
import type { UpstreamFetch } from '../engines/api/upstream.ts';
import type { Services } from '../http/services.ts';
import type { Limits } from '../http/request/admission.ts';
import type { Config } from '../settings/server-settings.ts';
import { decoded } from '../util/decoded.ts';
import type { Store } from '../store/store.ts';

/** `fetch` knows the proxies of the environment. */
export const createWebhook = (
  { ALERT_WEBHOOK, ALERT_FORMAT }: Pick<Config, 'ALERT_WEBHOOK' | 'ALERT_FORMAT'>,
  fetch: UpstreamFetch,
): SendAlert | undefined => {
  if (ALERT_WEBHOOK === '') return undefined;
  const address = new URL(ALERT_WEBHOOK);
  const format: AlertFormat = ALERT_FORMAT === 'auto' ? formatFor(address) : ALERT_FORMAT;
  const headers = { 'content-type': 'application/json', ...basicAuth(address) };
  return async (alert, ending) => {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(CALL_MS)]);
    const body = alertBody(alert, format);
    const request = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
    const response = await fetch(address.href, request).catch((error: unknown) => {
      throw new Error(whyNot(error), { cause: error });
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered with status ${response.status}`);
  };
};

const CALL_MS = 10_000;

const basicAuth = (address: URL): Record<string, string> => {
  const { username, password } = address;
  if (username === '' && password === '') return {};
  [address.username, address.password] = ['', ''];
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
};

/** The error's own words may hold the address. */
const whyNot = (error: unknown): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return `it did not answer within ${CALL_MS / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return `it cannot be reached${typeof code === 'string' ? ` (${code})` : ''}`;
};

interface Parts extends Pick<Services, 'clock' | 'log'> {
  readonly limits: Limits;
  readonly namedKeys: Pick<NonNullable<Services['namedKeys']>, 'list'>;
  readonly store: Pick<Store, 'sharedValue'>;
  readonly send: SendAlert | undefined;
}

export const createServerAlerts = ({ limits, namedKeys, store, send, clock, log }: Parts): Alerts =>
  createAlerts({
    value: store.sharedValue<AlertState>({
      id: 'alerts',
      initial: {},
      parse: (stored) => alertState.safeParse(stored).data,
    }),
    measure: async (ids) => [
      ...(await windowMeasures(limits, clock.now())),
      ...(await keyMeasures(await keysOf(namedKeys, ids), limits)),
    ],
    ...(send !== undefined && { send }),
    clock,
    log,
  });

/** Without the database there are only the plan's windows, as this server knows them. */
const keysOf = async ({ list }: Parts['namedKeys'], ids?: ReadonlySet<string>): Promise<readonly NamedKey[]> => {
  if (ids?.size === 0) return [];
  return (await list().catch(() => [])).filter(
    (key) => (ids?.has(key.id) ?? true) && Object.keys(key.limits).length > 0,
  );
};

const windowMeasures = async ({ plan }: Limits, now: number): Promise<readonly Measure[]> =>
  openWindows(await plan.view(), now).flatMap(([limit, window]): readonly Measure[] => {
    // A window that refuses turns is full, whatever was last told of it.
    const used = window.status === 'rejected' ? 1 : window.utilization;
    const fullAt = paceOf(window, now)?.fullAt;
    if (used === undefined) return [];
    const full = fullAt !== undefined && fullAt > now ? { fullAt } : {};
    return [{ kind: 'plan_window', limit, used, allowed: 1, resetsAt: window.resetsAt, ...full }];
  });

/** Requests a minute and turns at once are used up all the time; nobody needs to be told. */
const BUDGET = /^(tokens|usd)Per/u;
const SHARE = /^planShare\./u;

const keyMeasures = async (keys: readonly NamedKey[], { limiter }: Limits): Promise<readonly Measure[]> => {
  const measured = keys.map(async (key) =>
    (await limiter.headroom(key))
      .filter(({ limit }) => BUDGET.test(limit) || SHARE.test(limit))
      .map(({ limit, used, allowed, resetsAt }): Measure => ({
        kind: SHARE.test(limit) ? 'key_share' : 'key_budget',
        limit,
        key: { id: key.id, name: key.name },
        used,
        allowed,
        resetsAt,
      })),
  );
  return (await Promise.all(measured)).flat();
};
