import type { HeaderRecord } from '../dialect.ts';

/** The account’s limits under OpenAI’s names: https://platform.openai.com/docs/guides/rate-limits */
export const limitHeaders = (headers: HeaderRecord, nowMs: number): HeaderRecord => {
  const named: Record<string, string> = {};
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

/** As Go writes durations: `1s`, `6m0s`, `1h2m3s`. */
const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
};
