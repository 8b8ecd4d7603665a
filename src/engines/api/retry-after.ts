/** `retry-after` in seconds: a number, or a date; the API also sends `retry-after-ms`. */
export const retryAfterSeconds = (headers: Headers, nowMs: number = Date.now()): number | undefined => {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.max(0, ms / 1000);
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - nowMs) / 1000);
};
