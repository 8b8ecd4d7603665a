/** What the headers of an answer tell the caller beside the answer: the model, the fate of parameters, the limits. */
import type { ParsedRequest } from '../dialects/dialect.ts';
import type { Notice } from '../turn/events.ts';
import { printable } from './body.ts';
import { rateLimitHeaders, secondsUntilReset, type HeaderRecord } from './rate-limit-headers.ts';

/** What engines speak of, where OpenAI has another name for it. */
const CHAT_NAMES: Readonly<Record<string, string>> = { thinking: 'reasoning_effort' };

export const answerHeaders = (
  { model, report }: Pick<ParsedRequest, 'model' | 'report'>,
  notices: readonly Notice[],
  { nowMs, anthropic }: { nowMs: number; anthropic: boolean },
): HeaderRecord => {
  const wait = secondsUntilReset(notices, nowMs);
  // An attempt that failed unseen has told of a route as well: the last one served the turn.
  const { adjusted = [], ignored: left = [] } = notices.findLast((notice) => notice.kind === 'route') ?? {};
  const named = (names: readonly string[]): readonly string[] =>
    anthropic ? names : names.map((name) => CHAT_NAMES[name] ?? name);
  const emulated = [...new Set([...report.emulated, ...named(adjusted)])];
  const ignored = [...new Set([...report.ignored, ...named(left)])];
  return {
    'x-proxy-model': printable(model.id),
    ...(model.via === 'unknown' && { 'x-proxy-unknown-model': printable(model.requested) }),
    ...(ignored.length > 0 && { 'x-proxy-ignored': printable(ignored.join(', ')) }),
    ...(emulated.length > 0 && { 'x-proxy-emulated': printable(emulated.join(', ')) }),
    ...rateLimitHeaders(notices, { nowMs, openai: !anthropic }),
    ...(wait !== undefined && { 'retry-after': String(wait) }),
  };
};
