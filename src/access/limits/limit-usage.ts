/** How much a request counts towards the limits of its key. */
import { dearestCost } from '../../models/prices.ts';
import type { RequestSummary } from '../../turn/request-summary.ts';
import type { Usage } from './limit-state.ts';

/**
 * Tokens that the model processed, without those read from the cache, as in the API's own limits. A request of unknown
 * price counts as if the most expensive model had run it, so that a limit in dollars holds.
 */
export const limitUsage = ({
  tokens,
  webSearches,
  cost,
}: Pick<RequestSummary, 'tokens' | 'webSearches' | 'cost'>): Usage => ({
  tokens: tokens.input + tokens.output + tokens.cacheWrite5m + tokens.cacheWrite1h,
  usd: cost.usd === 'unknown' ? dearestCost({ tokens, webSearches }) : cost.usd,
});
