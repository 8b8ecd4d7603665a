/** What a request counts toward the limits of its key. */
import { dearestCost } from '../../models/prices.ts';
import type { RequestSummary } from '../../turn/request-summary.ts';
import type { Usage } from './limit-state.ts';

/**
 * Tokens that the model had to work on: what it read from the cache is left out, as in the API's own limits. A request
 * whose price nobody knows counts as if the dearest model had run it, so that a limit in dollars holds.
 */
export const limitUsage = ({
  tokens,
  webSearches,
  cost,
}: Pick<RequestSummary, 'tokens' | 'webSearches' | 'cost'>): Usage => ({
  tokens: tokens.input + tokens.output + tokens.cacheWrite5m + tokens.cacheWrite1h,
  usd: cost.usd === 'unknown' ? dearestCost({ tokens, webSearches }) : cost.usd,
});
