/** The edge knows every route of the server: a route that it does not know would never reach a container. */
import { expect, it } from 'vitest';
import { systemClock } from '../../src/util/clock.ts';
import { createKeyRing } from '../../src/access/keys.ts';
import { createLeases } from '../../src/access/leases.ts';
import { createApp } from '../../src/http/app.ts';
import type { Services } from '../../src/http/services.ts';
import { createEdge } from '../../src/worker/edge/edge-app.ts';

it('has the same paths and methods as the server', async () => {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const settings = {
    maxBodyBytes: 1000,
    headerWaitMs: 0,
    keepaliveMs: 1000,
    turnTimeoutMs: 1000,
    stallAlarmMs: 1000,
    strict: false,
    corsOrigins: [],
    checkHost: false,
    allowedHosts: [],
  };
  const common = {
    keys: await createKeyRing(['k']),
    log,
    clock: systemClock,
    version: '0',
    settings,
    listModels: async () => [],
  };
  const leases = createLeases({ maxConcurrency: 1, queueLimit: 0, queueTimeoutMs: 1, clock: systemClock });
  // No request is made, so the parts that only requests need are left out.
  const app = createApp({ ...common, leases, login: '' } as unknown as Services);
  const edge = createEdge({
    ...common,
    misconfigured: undefined,
    statuses: async () => ({}),
    dispatch: { homes: ['a'], ask: async () => new Response() },
  });
  const pathsOf = ({ routes }: { routes: readonly { method: string; path: string }[] }): readonly string[] =>
    [...new Set(routes.filter(({ path }) => path !== '/*').map(({ method, path }) => `${method} ${path}`))].toSorted();
  expect(pathsOf(edge)).toEqual(pathsOf(app));
});
