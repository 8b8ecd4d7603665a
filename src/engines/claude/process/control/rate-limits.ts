/**
 * The API's last report about the account's limits. Claude Code passes it on after an answer, when the headers of that
 * answer are already sent; the next answer, of any conversation, includes it.
 */
import type { SDKRateLimitInfo } from '@anthropic-ai/claude-agent-sdk';
import type { RateLimit } from '../../../../turn/events.ts';
import type { UsageWindow } from './plan-usage.ts';

/** A usage answer counts in whole percents, and its times differ by a second from those of answers. */
const SAME_UTILIZATION = 0.01;
const SAME_RESET_S = 60;

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

  /**
   * What a usage answer says of the windows, as reports. It brings up to date what is repeated at the next answer, but
   * adds nothing to that: the window which answers name is the one that matters most.
   */
  noteUsage(windows: readonly UsageWindow[]): readonly RateLimit[] {
    return windows.map((seen) => {
      const known = this.#latest.get(seen.window);
      const limit = withUsage(known, seen);
      // In its place: of the others, the newest one still comes last.
      if (known !== undefined) this.#latest.set(seen.window, limit);
      return limit;
    });
  }

  /** The newest report on each window that has not reset since. */
  current(): readonly RateLimit[] {
    // A refusal belongs to its own turn: it does not mean that the next one is refused.
    return [...this.#latest.values()].filter(
      ({ status, resetsAt }) => status !== 'rejected' && (resetsAt === undefined || resetsAt * 1000 > this.#now()),
    );
  }
}

/** A usage answer has no status: the window keeps its own as long as it lasts, but for a refusal that is over. */
const withUsage = (known: RateLimit | undefined, seen: UsageWindow): RateLimit & UsageWindow => {
  const { status, utilization = seen.utilization, resetsAt } = known ?? { status: 'allowed' };
  if (resetsAt === undefined || Math.abs(resetsAt - seen.resetsAt) > SAME_RESET_S)
    return { ...seen, status: 'allowed' };
  return {
    ...seen,
    status: status === 'rejected' && seen.utilization < 1 ? 'allowed' : status,
    // The finer figure stays: to and fro between the two would count as use.
    ...(Math.abs(utilization - seen.utilization) < SAME_UTILIZATION && { utilization }),
  };
};

export const toRateLimit = ({ status, rateLimitType, utilization, resetsAt }: SDKRateLimitInfo): RateLimit => ({
  status,
  ...(rateLimitType !== undefined && { window: rateLimitType }),
  ...(utilization !== undefined && { utilization }),
  ...(resetsAt !== undefined && { resetsAt }),
});
