/** What the headers of an answer report beside the answer: the model, the fate of parameters, the limits. */
import type { Dialect, HeaderRecord, ParsedRequest } from '../../dialects/dialect.ts';
import { exactName } from '../../models/model.ts';
import type { Notice } from '../../turn/events.ts';
import { printable } from '../request/body.ts';
import { limitHeaders, secondsUntilReset } from './limit-headers.ts';

type Headed = Pick<Dialect, 'parameterNames' | 'limitHeaders'>;

interface Facts {
  readonly nowMs: number;
  readonly dialect: Headed;
  readonly answeredBy?: string | undefined;
  /** The limits as they were known before the turn. */
  readonly known?: HeaderRecord;
}

export const answerHeaders = (
  { model, report }: Pick<ParsedRequest, 'model' | 'report'>,
  notices: readonly Notice[],
  { nowMs, dialect, answeredBy, known = {} }: Facts,
): HeaderRecord => {
  const wait = secondsUntilReset(notices, nowMs);
  const limits = { ...known, ...limitHeaders(notices) };
  // An attempt that failed unseen has a notice of its strategy as well: the last one served the turn.
  const { adjusted = [], ignored: left = [] } = notices.findLast((notice) => notice.kind === 'strategy') ?? {};
  const named = (names: readonly string[]): readonly string[] =>
    names.map((name) => dialect.parameterNames?.[name] ?? name);
  const emulated = [...new Set([...report.emulated, ...named(adjusted)])];
  const ignored = [...new Set([...report.ignored, ...named(left)])];
  return {
    'x-proxy-model': printable(exactName(model, answeredBy)),
    ...(model.via === 'unknown' && { 'x-proxy-unknown-model': printable(model.requested) }),
    ...(ignored.length > 0 && { 'x-proxy-ignored': printable(ignored.join(', ')) }),
    ...(emulated.length > 0 && { 'x-proxy-emulated': printable(emulated.join(', ')) }),
    ...limits,
    ...dialect.limitHeaders?.(limits, nowMs),
    ...(wait !== undefined && { 'retry-after': String(wait) }),
  };
};
