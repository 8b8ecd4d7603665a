/**
 * What the upstream said about limits, as response headers: the API's own `anthropic-ratelimit-*` for
 * everyone, and for OpenAI clients the same facts under OpenAI's names. Nothing is estimated.
 */
import type { Notice, RateLimit } from '../turn/events.ts';

export type HeaderRecord = Record<string, string>;

/** `nowMs` is the time of the answer; `openai` adds the `x-ratelimit-*` names. */
export const rateLimitHeaders = (
  notices: readonly Notice[],
  { nowMs, openai }: { nowMs: number; openai: boolean },
): HeaderRecord => {
  const headers: HeaderRecord = {};
  for (const notice of notices) {
    if (notice.kind === 'headers') Object.assign(headers, fromUpstream(notice.headers));
    else if (notice.kind === 'rate_limit') Object.assign(headers, fromLimit(notice.limit));
  }
  return openai ? { ...headers, ...openAiNames(headers, nowMs) } : headers;
};

/** Seconds until the limit that refused the turn opens again, as far as the upstream told. */
export const secondsUntilReset = (notices: readonly Notice[], nowMs: number): number | undefined => {
  const resets = notices.flatMap((notice) =>
    notice.kind === 'rate_limit' && notice.limit.status === 'rejected' ? [notice.limit.resetsAt] : [],
  );
  const latest = resets.filter((at) => at !== undefined).sort((a, b) => b - a)[0];
  return latest === undefined ? undefined : Math.max(1, Math.ceil(latest - nowMs / 1000));
};

const fromUpstream = (upstream: Readonly<Record<string, string>>): HeaderRecord => {
  const headers: HeaderRecord = {};
  for (const [name, value] of Object.entries(upstream)) {
    const lower = name.toLowerCase();
    if (lower.startsWith('anthropic-ratelimit-')) headers[lower] = value;
    // `request-id` is this server's own; the upstream's is kept beside it.
    if (lower === 'request-id') headers['x-upstream-request-id'] = value;
  }
  return headers;
};

// The names that the API uses toward subscription logins; Claude Code reads the same ones.
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

const openAiNames = (headers: HeaderRecord, nowMs: number): HeaderRecord => {
  const named: HeaderRecord = {};
  for (const kind of ['requests', 'tokens']) {
    const { [`anthropic-ratelimit-${kind}-limit`]: limit, [`anthropic-ratelimit-${kind}-remaining`]: remaining } =
      headers;
    const reset = headers[`anthropic-ratelimit-${kind}-reset`];
    if (limit !== undefined) named[`x-ratelimit-limit-${kind}`] = limit;
    if (remaining !== undefined) named[`x-ratelimit-remaining-${kind}`] = remaining;
    if (reset !== undefined && Number.isFinite(Date.parse(reset)))
      named[`x-ratelimit-reset-${kind}`] = duration(Date.parse(reset) - nowMs);
  }
  const unified = Number(headers['anthropic-ratelimit-unified-reset']);
  if (named['x-ratelimit-reset-requests'] === undefined && unified > 0)
    named['x-ratelimit-reset-requests'] = duration(unified * 1000 - nowMs);
  return named;
};

// OpenAI writes durations as Go does: `1s`, `6m0s`, `1h2m3s`.
const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
};
