import { describe, expect, it } from 'vitest';
import type { Headroom } from '../../../src/access/limits/key-limits.ts';
import { limitHeaders } from '../../../src/access/limits/limit-headers.ts';
import { limitUsage } from '../../../src/access/limits/limit-usage.ts';
import { noTokens } from '../../../src/turn/request-summary.ts';

const resetsAt = Date.parse('2026-11-25T00:00:00Z');
const left = (limit: Headroom['limit'], allowed: number, used: number): Headroom => ({
  limit,
  allowed,
  used,
  resetsAt,
});

describe('limitHeaders', () => {
  it('names requests and tokens', () => {
    expect(
      limitHeaders([left('requestsPerMinute', 10, 3), left('tokensPerDay', 100, 250), left('usdPerDay', 1, 0)]),
    ).toEqual({
      'anthropic-ratelimit-requests-limit': '10',
      'anthropic-ratelimit-requests-remaining': '7',
      'anthropic-ratelimit-requests-reset': '2026-11-25T00:00:00.000Z',
      'anthropic-ratelimit-tokens-limit': '100',
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': '2026-11-25T00:00:00.000Z',
    });
  });

  it.each([
    [left('tokensPerDay', 100, 0), left('tokensPerMonth', 200, 150)],
    [left('tokensPerMonth', 200, 150), left('tokensPerDay', 100, 0)],
  ])('tells the limit with less left', (...headroom) => {
    expect(limitHeaders(headroom)).toMatchObject({ 'anthropic-ratelimit-tokens-remaining': '50' });
  });

  it('is empty for a key without limits', () => expect(limitHeaders([])).toEqual({}));
});

describe('limitUsage', () => {
  const tokens = {
    ...noTokens,
    input: 1,
    output: 20,
    cacheWrite5m: 300,
    cacheWrite1h: 4_000,
    cacheRead: 50_000,
    thinking: 5,
  };

  it('counts what the model had to work on', () => {
    expect(limitUsage({ tokens, webSearches: 0, cost: { usd: 0.5, basis: 'managed' } })).toEqual({
      tokens: 4_321,
      usd: 0.5,
    });
    expect(limitUsage({ tokens: noTokens, webSearches: 0, cost: { usd: 0, basis: 'none' } })).toEqual({
      tokens: 0,
      usd: 0,
    });
  });

  it('counts an unknown price as the dearest', () => {
    const million = { ...noTokens, output: 1_000_000 };
    const { usd } = limitUsage({ tokens: million, webSearches: 0, cost: { usd: 'unknown', basis: 'unknown' } });
    expect(usd).toBeGreaterThanOrEqual(50);
  });
});
