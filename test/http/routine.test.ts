import { expect, it } from 'vitest';
import { isOutsideLedger, isRoutine } from '../../src/http/request/routine.ts';

it.each([
  ['GET /health', 200, true, true],
  ['GET /metrics', 200, true, true],
  ['GET /health', 503, false, false],
  ['GET /dashboard', 200, true, true],
  ['GET /dashboard/keys', 200, true, true],
  ['GET /dashboard', 401, false, true],
  ['POST /dashboard/keys', 200, false, true],
  ['GET /dashboards', 200, false, false],
  ['POST /v1/messages', 200, false, false],
  ['GET /admin/requests', 200, true, true],
  ['GET /admin/requests', 403, false, false],
  ['DELETE /admin/keys/x', 200, false, false],
])('%s answered with %d: routine %s, outside the ledger %s', (endpoint, status, routine, outside) => {
  expect([isRoutine({ endpoint, status }), isOutsideLedger({ endpoint, status })]).toEqual([routine, outside]);
});
