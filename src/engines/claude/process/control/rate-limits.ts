/**
 * What the API last said of the account's limits. Claude Code tells it after an answer, when the headers of that
 * answer have long been sent; the next answer, of whichever conversation, can tell its caller.
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
    // The newest comes last: where two windows give the same header, it counts.
    this.#latest.delete(limit.window ?? '');
    this.#latest.set(limit.window ?? '', limit);
  }

  /** The newest word on each window that has not begun anew since. */
  current(): readonly RateLimit[] {
    // A refusal is told by the turn that meets it: an earlier one says nothing of the next.
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
