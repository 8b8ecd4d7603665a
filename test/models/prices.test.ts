import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOG } from '../../src/models/catalog.ts';
import { costOf, dearestCost, type PricedUsage } from '../../src/models/prices.ts';
import { noTokens, type TokenCounts } from '../../src/turn/request-summary.ts';

const M = 1_000_000;
const now = Date.parse('2026-11-24T12:00:00Z');
const usage = (tokens: Partial<TokenCounts>, more: Partial<PricedUsage> = {}): PricedUsage => ({
  tokens: { ...noTokens, ...tokens },
  ...more,
});

describe('costOf', () => {
  it.each<[string, string, PricedUsage, number]>([
    ['opus-5-5 input', 'claude-opus-5-5', usage({ input: M }), 4],
    ['opus-5-5 output', 'claude-opus-5-5', usage({ output: M }), 20],
    ['opus-5-5 writes for five minutes', 'claude-opus-5-5', usage({ cacheWrite5m: M }), 5],
    ['opus-5-5 writes for an hour', 'claude-opus-5-5', usage({ cacheWrite1h: M }), 8],
    ['opus-5-5 reads at a twentieth of input', 'claude-opus-5-5', usage({ cacheRead: M }), 0.2],
    ['opus-5 reads at a tenth', 'claude-opus-5', usage({ cacheRead: M }), 0.5],
    ['fable-5-1 reads at a fortieth', 'claude-fable-5-1', usage({ cacheRead: M }), 0.25],
    ['fable-5-2', 'claude-fable-5-2', usage({ input: M, output: M }), 48],
    ['thinking is a part of output', 'claude-opus-5-5', usage({ output: M, thinking: M }), 20],
    ['a date in the name', 'claude-opus-4-5-20251101', usage({ input: M }), 5],
    ['a window in the name', 'claude-opus-5[1m]', usage({ input: M }), 5],
    ['nothing used', 'claude-opus-5-5', usage({}), 0],
    ['haiku-5-5, short', 'claude-haiku-5-5', usage({ input: 1000, output: 1000 }), 0.0006],
    ['haiku-5-5 at the edge', 'claude-haiku-5-5', usage({ input: 50_000, cacheRead: 50_000 }), 0.0055],
    ['haiku-5-5, long: all at the long rate', 'claude-haiku-5-5', usage({ input: 100_001, output: 1000 }), 0.0525005],
    ['haiku-5-5, long by its cache', 'claude-haiku-5-5', usage({ cacheRead: 90_000, cacheWrite1h: 20_000 }), 0.0245],
    ['web searches', 'claude-opus-5-5', usage({ input: M }, { webSearches: 3 }), 4.03],
    ['fast', 'claude-opus-5-5', usage({ input: M }, { speed: 'fast' }), 8],
    ['standard speed', 'claude-opus-5-5', usage({ input: M }, { speed: 'standard' }), 4],
    ['in the US', 'claude-sonnet-5-5', usage({ input: M }, { inferenceGeo: 'us' }), 2.2],
  ])('%s', (_, model, used, usd) => {
    const cost = costOf(used, model, now);
    expect(cost.basis).toBe('list');
    expect(cost.usd).toBeCloseTo(usd, 10);
  });

  it('knows that the price of sonnet-5-5 cache reads changed on 7 October', () => {
    const reads = usage({ cacheRead: M });
    expect(costOf(reads, 'claude-sonnet-5-5', Date.parse('2026-10-06T23:59:59Z')).usd).toBeCloseTo(0.2, 10);
    expect(costOf(reads, 'claude-sonnet-5-5', Date.parse('2026-10-07T00:00:00Z')).usd).toBeCloseTo(0.1, 10);
  });

  it.each<[string, string, PricedUsage, number]>([
    ['a model that is not in the table', 'claude-opus-6', usage({ input: 1 }), now],
    ['a point release is not its sibling', 'claude-opus-5-6', usage({ input: 1 }), now],
    ['a short name', 'sonnet', usage({ input: 1 }), now],
    ["another vendor's id", 'us.anthropic.claude-opus-5-v1:0', usage({ input: 1 }), now],
    ['a name that objects have by nature', 'constructor', usage({ input: 1 }), now],
    ['before the model had a price', 'claude-opus-5-5', usage({ input: 1 }), Date.parse('2026-09-21T00:00:00Z')],
    ['fast, where its price is not known', 'claude-sonnet-5-5', usage({ input: 1 }, { speed: 'fast' }), now],
    ['the priority tier', 'claude-opus-5-5', usage({ input: 1 }, { serviceTier: 'priority' }), now],
    ['no tokens of an unknown model', 'claude-opus-6', usage({}), now],
  ])('is unknown: %s', (_, model, used, at) => {
    expect(costOf(used, model, at)).toEqual({ usd: 'unknown', basis: 'unknown' });
  });

  it('has a price for every model of the catalog', () => {
    for (const { id } of CATALOG) expect(costOf(usage({ input: 1 }), id, now).basis, id).toBe('list');
  });

  const counts = fc.record<TokenCounts>({
    input: fc.nat(M),
    output: fc.nat(M),
    cacheRead: fc.nat(M),
    cacheWrite5m: fc.nat(M),
    cacheWrite1h: fc.nat(M),
    thinking: fc.constant(0),
  });
  const models = fc.constantFrom(...CATALOG.map(({ id }) => id));

  it('never falls when more is used', () => {
    fc.assert(
      fc.property(models, counts, counts, (model, a, b) => {
        const sum = Object.fromEntries(Object.entries(a).map(([name, n]) => [name, n + b[name as keyof TokenCounts]]));
        const [less, more] = [costOf({ tokens: a }, model, now).usd, costOf(usage(sum), model, now).usd];
        expect(less).toBeTypeOf('number');
        expect(more as number).toBeGreaterThanOrEqual(less as number);
      }),
    );
  });

  it('is never above what the dearest model would cost', () => {
    fc.assert(
      fc.property(models, counts, fc.constantFrom('standard', 'fast'), (model, tokens, speed) => {
        const cost = costOf({ tokens, speed }, model, now);
        if (cost.usd !== 'unknown') expect(dearestCost({ tokens })).toBeGreaterThanOrEqual(cost.usd);
      }),
    );
  });
});
