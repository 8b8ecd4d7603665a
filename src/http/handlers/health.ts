/**
 * Three checks. `/live`: the process answers, else it must be restarted. `/ready`: requests may be sent to it.
 * `/health`: the full report. A login that the API refuses does not make the server unready: its clients get the API's
 * error, which says more than a balancer's "no server available".
 */
import type { Handler } from 'hono';
import type { HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'engine' | 'leases' | 'version' | 'login' | 'clock' | 'ledger' | 'alerts'>;

export const liveRoute: Handler<HttpEnv> = (c) => c.json({ status: 'ok' });

export const readyRoute =
  (services: Needs): Handler<HttpEnv> =>
  (c) => {
    const ready = stateOf(services).status !== 'unavailable';
    return c.json({ status: ready ? 'ok' : 'unavailable' }, ready ? 200 : 503);
  };

/** The full report, for callers with a key. */
export const detailedHealth = (services: Needs) => {
  const startedAt = services.clock.elapsed();
  return () => ({ ...stateOf(services), ...figures(services, startedAt) });
};

export const healthRoute = (services: Needs): Handler<HttpEnv> => {
  const details = detailedHealth(services);
  return (c) => {
    const state = stateOf(services);
    // Without a key there are no details: they would show strangers what to attack.
    const report = c.get('owner') === undefined ? { status: state.status } : details();
    return c.json(report, state.status === 'ok' ? 200 : 503);
  };
};

interface State {
  /** `degraded`: requests are accepted, but the last turns failed for a reason that affects all. */
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly reason?: string;
}

const stateOf = ({ engine, leases }: Needs): State => {
  const { ok, reason, degraded } = engine.health();
  if (leases.stats().draining) return { status: 'unavailable', reason: 'The server is shutting down.' };
  if (!ok) return { status: 'unavailable', ...(reason !== undefined && { reason }) };
  return degraded === undefined ? { status: 'ok' } : { status: 'degraded', reason: degraded };
};

const figures = ({ engine, leases, version, login, clock, ledger, alerts }: Needs, startedAt: number) => {
  const { held, queued } = leases.stats();
  return {
    version,
    engine: engine.name,
    login,
    uptimeSeconds: Math.round((clock.elapsed() - startedAt) / 1000),
    requests: { running: held, queued },
    gauges: engine.health().gauges,
    ...(ledger !== undefined && { ledger: ledger() }),
    ...(alerts !== undefined && { alerts: alerts() }),
  };
};
