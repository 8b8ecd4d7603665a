/** The response headers that a caller may see: limits, the upstream's request id, when to come back. */
export const callHeaders = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    [...headers].filter(
      ([name]) => name.startsWith('anthropic-ratelimit-') || name === 'request-id' || name === 'retry-after',
    ),
  );
