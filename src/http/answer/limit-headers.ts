/**
 * The limits that the upstream reported, as the API's own response headers, `anthropic-ratelimit-*`. Nothing is
 * estimated. A dialect may add them under further names.
 */
import type { HeaderRecord } from '../../dialects/dialect.ts';
import type { Notice, RateLimit } from '../../turn/events.ts';

/** The limits in these notices. */
export const limitHeaders = (notices: readonly Notice[]): HeaderRecord => {
  const headers: Record<string, string> = {};
  for (const notice of notices) {
    if (notice.kind === 'headers') Object.assign(headers, fromUpstream(notice.headers));
    else if (notice.kind === 'rate_limit') Object.assign(headers, fromLimit(notice.limit));
  }
  return headers;
};

/** Seconds until the limit that refused the turn resets, where the upstream reported it. */
export const secondsUntilReset = (notices: readonly Notice[], nowMs: number): number | undefined => {
  const resets = notices.flatMap((notice) =>
    notice.kind === 'rate_limit' && notice.limit.status === 'rejected' ? [notice.limit.resetsAt] : [],
  );
  const latest = resets.filter((at) => at !== undefined).sort((a, b) => b - a)[0];
  return latest === undefined ? undefined : Math.max(1, Math.ceil(latest - nowMs / 1000));
};

const fromUpstream = (upstream: Readonly<Record<string, string>>): HeaderRecord => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(upstream)) {
    const lower = name.toLowerCase();
    if (lower.startsWith('anthropic-ratelimit-')) headers[lower] = value;
    // `request-id` is this server's own; the upstream's is kept beside it.
    if (lower === 'request-id') headers['x-upstream-request-id'] = value;
  }
  return headers;
};

// The header names that the API uses for subscription logins; Claude Code reads the same ones.
const fromLimit = ({ status, window, utilization, resetsAt }: RateLimit): HeaderRecord => ({
  'anthropic-ratelimit-unified-status': status,
  ...(window !== undefined && { 'anthropic-ratelimit-unified-representative-claim': window }),
  ...(resetsAt !== undefined && { 'anthropic-ratelimit-unified-reset': String(resetsAt) }),
  ...(window !== undefined &&
    resetsAt !== undefined && { [`anthropic-ratelimit-unified-${shortWindow(window)}-reset`]: String(resetsAt) }),
  ...(window !== undefined &&
    utilization !== undefined && {
      [`anthropic-ratelimit-unified-${shortWindow(window)}-utilization`]: String(utilization),
    }),
});

const shortWindow = (window: string): string => ({ five_hour: '5h', seven_day: '7d' })[window] ?? window;
