/**
 * The windows of a Claude plan in the headers that Codex's `/status` reads: five hours as the primary window, a week as
 * the secondary one, any other under its own name. Nothing is estimated: what is unknown has no header.
 */
import type { HeaderRecord } from '../dialect.ts';
import { limitHeaders as openAiHeaders } from '../openai/limit-headers.ts';

interface Window {
  readonly prefix: string;
  readonly minutes: number;
  /** Codex's name for an additional limit. */
  readonly name?: string;
}

const PLAN: Readonly<Record<string, Window>> = {
  '5h': { prefix: 'x-codex-primary', minutes: 5 * 60 },
  '7d': { prefix: 'x-codex-secondary', minutes: 7 * 24 * 60 },
};

export const limitHeaders = (limits: HeaderRecord, nowMs: number): HeaderRecord => ({
  ...openAiHeaders(limits, nowMs),
  ...codexHeaders(limits),
});

const codexHeaders = (limits: HeaderRecord): HeaderRecord => {
  const headers: Record<string, string> = {};
  for (const [header, utilization] of Object.entries(limits)) {
    const key = /^anthropic-ratelimit-unified-(\w+)-utilization$/u.exec(header)?.[1];
    const used = Number(utilization);
    if (key === undefined || !Number.isFinite(used)) continue;
    const { prefix, minutes, name } = PLAN[key] ?? otherWindow(key);
    headers[`${prefix}-used-percent`] = String(Math.round(used * 1000) / 10);
    headers[`${prefix}-window-minutes`] = String(minutes);
    const reset = limits[`anthropic-ratelimit-unified-${key}-reset`];
    if (reset !== undefined) headers[`${prefix}-reset-at`] = reset;
    if (name !== undefined) headers[`x-${familyOf(key)}-limit-name`] = name;
  }
  return headers;
};

/** The weekly window of one model family, such as `seven_day_opus`. */
const otherWindow = (key: string): Window => ({
  prefix: `x-${familyOf(key)}-primary`,
  minutes: 7 * 24 * 60,
  name: key.replaceAll('_', ' '),
});

const familyOf = (key: string): string => `claude-${key.replaceAll('_', '-')}`;
