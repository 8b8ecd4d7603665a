/**
 * The API's last report about the account's limits. Claude Code passes it on after an answer, when the headers of that
 * answer are already sent; the next answer, of any conversation, includes it.
 */
import type { SDKRateLimitInfo } from '@anthropic-ai/claude-agent-sdk';
import type { RateLimit } from '../../../../turn/events.ts';

export class Limits {
  readonly #latest = new Map<string, RateLimit>();
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(limit: RateLimit): void {
    // Newest last: where two windows give the same header, the last one counts.
    this.#latest.delete(limit.window ?? '');
    this.#latest.set(limit.window ?? '', limit);
  }

  /** The newest report on each window that has not reset since. */
  current(): readonly RateLimit[] {
    // A refusal belongs to its own turn: it does not mean that the next one is refused.
    return [...this.#latest.values()].filter(
      ({ status, resetsAt }) => status !== 'rejected' && (resetsAt === undefined || resetsAt * 1000 > this.#now()),
    );
  }
}

export const toRateLimit = ({ status, rateLimitType, utilization, resetsAt }: SDKRateLimitInfo): RateLimit => ({
  status,
  ...(rateLimitType !== undefined && { window: rateLimitType }),
  ...(utilization !== undefined && { utilization }),
  ...(resetsAt !== undefined && { resetsAt }),
});
