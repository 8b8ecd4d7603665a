/** `/health`: whether the server can serve, and to those who hold a key, how it is doing. */
import type { Handler } from 'hono';
import type { HttpEnv } from './context.ts';
import type { Services } from './services.ts';

export const healthRoute = (services: Services): Handler<HttpEnv> => {
  const startedAt = services.clock.now();
  return (c) => {
    const report = healthReport(services, startedAt);
    const status = report.status === 'ok' ? 200 : 503;
    // Without the key no details: they tell strangers what to attack.
    return c.json(c.get('owner') === undefined ? { status: report.status } : report, status);
  };
};

const healthReport = ({ engine, leases, version, login, clock }: Services, startedAt: number) => {
  const { ok, reason, gauges } = engine.health();
  const { held, queued, draining } = leases.stats();
  const why = draining ? 'The server is shutting down.' : reason;
  return {
    status: ok && !draining ? 'ok' : 'unavailable',
    ...(why !== undefined && { reason: why }),
    version,
    engine: engine.name,
    login,
    uptimeSeconds: Math.round((clock.now() - startedAt) / 1000),
    requests: { running: held, queued },
    gauges,
  };
};
