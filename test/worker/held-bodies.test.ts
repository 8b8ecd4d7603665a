/** The edge of the Worker holds no more bytes of bodies than an isolate has room for. */
import { expect, it } from 'vitest';
import { createBodyBudget } from '../../src/access/body-budget.ts';
import { createKeyRing } from '../../src/access/keys.ts';
import { dialects } from '../../src/dialects/index.ts';
import { noDashboard } from '../../src/http/dashboard/routes.ts';
import { systemClock } from '../../src/util/clock.ts';
import { createEdge } from '../../src/worker/edge/edge-app.ts';
import { quietLog, until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';

it('refuses a body that finds no room, until the instance has answered', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const edge = createEdge({
    dialects,
    announce: () => undefined,
    bodies: createBodyBudget({ maxBytes: 150_000, waitMs: 0, clock: systemClock }),
    keys: await createKeyRing(['k']),
    log: quietLog,
    clock: systemClock,
    version: '0',
    settings: { maxBodyBytes: 1_000_000, corsOrigins: [], checkHost: false, allowedHosts: [] },
    listModels: async () => [],
    misconfigured: undefined,
    statuses: async () => ({ instances: {}, instancesNotShown: 0 }),
    dashboard: () => noDashboard,
    dispatch: {
      homes: ['a'],
      ask: async () => {
        asked += 1;
        await gate.promise;
        return Response.json({ answered: true });
      },
      sleep: async () => undefined,
    },
  });
  const body = JSON.stringify(chat({ messages: [{ role: 'user', content: 'x'.repeat(100_000) }] }));
  const headers = { 'content-type': 'application/json', 'x-api-key': 'k', 'content-length': String(body.length) };
  const post = async () => edge.request('/v1/chat/completions', { method: 'POST', body, headers });
  const first = post();
  await until(() => asked === 1);
  const refused = await post();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toMatchObject({ error: { code: 'server_busy' } });
  gate.resolve();
  expect((await first).status).toBe(200);
  expect((await post()).status).toBe(200);
});
