/** Node and the Worker serve one table: a route that the edge does not know would never reach a container. */
import { expect, it } from 'vitest';
import { createBodyBudget } from '../../src/access/body-budget.ts';
import { createKeyRing } from '../../src/access/keys.ts';
import { dialects } from '../../src/dialects/index.ts';
import { noDashboard } from '../../src/http/dashboard/routes.ts';
import { createRouteTable } from '../../src/http/routes.ts';
import { systemClock } from '../../src/util/clock.ts';
import { createEdge } from '../../src/worker/edge/edge-app.ts';

it('the edge has every row of the table', async () => {
  const edge = createEdge({
    dialects,
    announce: () => {},
    bodies: createBodyBudget({ maxBytes: 1000, waitMs: 0, clock: systemClock }),
    keys: await createKeyRing(['k']),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    clock: systemClock,
    version: '0',
    settings: { maxBodyBytes: 1000, corsOrigins: [], checkHost: false, allowedHosts: [] },
    listModels: async () => [],
    misconfigured: undefined,
    statuses: async () => ({ instances: {}, instancesNotShown: 0 }),
    dashboard: () => noDashboard,
    dispatch: { homes: ['a'], ask: async () => new Response(), sleep: async () => {} },
  });
  const served = edge.routes.map(({ method, path }) => `${method} ${path}`);
  const wanted = createRouteTable(dialects).map(({ method, path }) => `${method} ${path}`);
  expect(served).toEqual(expect.arrayContaining(wanted));
});
