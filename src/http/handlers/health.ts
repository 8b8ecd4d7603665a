/**
 * Three questions about the server. `/live`: does it answer at all, or must it be started again? `/ready`: may requests
 * be sent to it? `/health`: how is it, in full? A login that the API refuses makes no server unready: its clients get
 * the API's error, where a balancer without a ready server could only say that there is none.
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

/** The whole report, for those who hold a key. */
export const detailedHealth = (services: Needs) => {
  const startedAt = services.clock.elapsed();
  return () => ({ ...stateOf(services), ...figures(services, startedAt) });
};

export const healthRoute = (services: Needs): Handler<HttpEnv> => {
  const details = detailedHealth(services);
  return (c) => {
    const state = stateOf(services);
    // Without the key no details: they tell strangers what to attack.
    const report = c.get('owner') === undefined ? { status: state.status } : details();
    return c.json(report, state.status === 'ok' ? 200 : 503);
  };
};

interface State {
  /** `degraded`: requests are taken, and the last turns failed for a reason that meets all of them. */
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
