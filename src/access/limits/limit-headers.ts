/**
 * The limits of a key as headers, under the names of the API:
 * https://docs.anthropic.com/en/api/rate-limits#response-headers
 */
import type { Headroom, LimitName } from './key-limits.ts';

/** The API has headers for requests and tokens, but none for dollars, turns and shares. */
const KINDS: Partial<Record<LimitName, 'requests' | 'tokens'>> = {
  requestsPerMinute: 'requests',
  tokensPerDay: 'tokens',
  tokensPerMonth: 'tokens',
};

/** Of two limits of one kind, the one with less left. */
export const limitHeaders = (headroom: readonly Headroom[]): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {};
  for (const each of headroom.toSorted((a, b) => leftOf(b) - leftOf(a))) {
    const kind = KINDS[each.limit];
    if (kind === undefined) continue;
    headers[`anthropic-ratelimit-${kind}-limit`] = String(each.allowed);
    headers[`anthropic-ratelimit-${kind}-remaining`] = String(leftOf(each));
    headers[`anthropic-ratelimit-${kind}-reset`] = new Date(each.resetsAt).toISOString();
  }
  return headers;
};

const leftOf = ({ allowed, used }: Headroom): number => Math.max(0, allowed - used);
