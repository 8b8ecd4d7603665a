import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/node/database/sqlite.ts';
import type { Dimension } from '../../src/store/ledger/reports.ts';
import type { RequestSummary } from '../../src/turn/request-summary.ts';
import { createLab } from './lab.ts';
import { refused, summary } from './summaries.ts';

const dir = await mkdtemp(join(tmpdir(), 'store-totals-'));
const lab = createLab(
  (lost) => Promise.resolve(openSqlite(join(dir, 'proxy.db'), lost)),
  () => undefined,
);
afterAll(async () => {
  await lab.close();
  await rm(dir, { recursive: true });
});

const from = Date.parse('2026-10-20T00:00Z');
const name = fc.constantFrom('a', 'b', "'; --");

const requests: fc.Arbitrary<RequestSummary> = fc
  .record({
    at: fc.nat(10 * 86_400_000).map((after) => from + after),
    key: name.map((key) => ({ name: key })),
    model: name,
    client: name.map((client) => ({ name: client })),
    usd: fc.option(fc.nat(1_000), { nil: undefined }),
    output: fc.nat(10_000),
    failed: fc.boolean(),
  })
  .map(({ usd, output, failed, ...rest }) => {
    const made = failed ? refused(rest) : summary(rest);
    const cost =
      usd === undefined ? ({ usd: 'unknown', basis: 'unknown' } as const) : ({ usd, basis: 'list' } as const);
    return { ...made, cost, tokens: { ...made.tokens, output } };
  });

const dimensions = fc.subarray<Dimension>(['key', 'model', 'client']);
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York');

const valueOf = (request: RequestSummary, dimension: Dimension): string | undefined =>
  dimension === 'model' ? request.model : request[dimension as 'key' | 'client']?.name;

describe('totals', () => {
  it('are what adding up one by one gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(requests, { maxLength: 40 }), dimensions, zones, async (all, by, timeZone) => {
        await (await lab.store.open()).db.deleteFrom('proxy_requests').execute();
        await lab.write(...all);
        const totals = await lab.store.ledger.totals({}, { by, period: 'day', timeZone });
        const day = new Intl.DateTimeFormat('sv-SE', { timeZone });
        const groups = Map.groupBy(all, (request) =>
          JSON.stringify([day.format(request.at), ...by.map((each) => valueOf(request, each))]),
        );
        const expected = [...groups].map(([group, members]) => [
          group,
          members.length,
          members.filter(({ error }) => error !== undefined).length,
          members.reduce((sum, { tokens }) => sum + tokens.output, 0),
          members.reduce((sum, { cost }) => sum + (cost.usd === 'unknown' ? 0 : cost.usd), 0),
          members.filter(({ cost }) => cost.usd === 'unknown').length,
        ]);
        const found = totals.map((total) => [
          JSON.stringify([total.period, ...by.map((each) => total[each])]),
          total.requests,
          total.errors,
          total.outputTokens,
          total.costUsd,
          total.unpriced,
        ]);
        expect(found.map(String).toSorted()).toEqual(expected.map(String).toSorted());
      }),
      { numRuns: 25 },
    );
  });
});
