/** What the headers of an answer tell the caller beside the answer: the model, the fate of parameters, the limits. */
import type { ParsedRequest } from '../dialects/dialect.ts';
import type { Notice } from '../turn/events.ts';
import { printable } from './body.ts';
import { rateLimitHeaders, secondsUntilReset, type HeaderRecord } from './rate-limit-headers.ts';

export const answerHeaders = (
  { model, report }: Pick<ParsedRequest, 'model' | 'report'>,
  notices: readonly Notice[],
  { nowMs, anthropic }: { nowMs: number; anthropic: boolean },
): HeaderRecord => {
  const wait = secondsUntilReset(notices, nowMs);
  const emulated = [...report.emulated, ...notices.flatMap((notice) => (notice.kind === 'route' ? (notice.adjusted ?? []) : []))];
  return {
    'x-proxy-model': printable(model.id),
    ...(model.via === 'unknown' && { 'x-proxy-unknown-model': printable(model.requested) }),
    ...(report.ignored.length > 0 && { 'x-proxy-ignored': printable(report.ignored.join(', ')) }),
    ...(emulated.length > 0 && { 'x-proxy-emulated': printable(emulated.join(', ')) }),
    ...rateLimitHeaders(notices, { nowMs, openai: !anthropic }),
    ...(wait !== undefined && { 'retry-after': String(wait) }),
  };
};
