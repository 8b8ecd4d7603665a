/** The headers of an answer about its model, the fate of parameters, and limits. */
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
  /** The limits that were known before the turn. */
  readonly known?: HeaderRecord;
}

export const answerHeaders = (
  { model, report }: Pick<ParsedRequest, 'model' | 'report'>,
  notices: readonly Notice[],
  { nowMs, dialect, answeredBy, known = {} }: Facts,
): HeaderRecord => {
  const wait = secondsUntilReset(notices, nowMs);
  const limits = { ...known, ...limitHeaders(notices) };
  const { ignored, emulated } = fatesOf({ report }, notices, dialect);
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

/** The parameters that were not applied as they are, under the caller's names. */
export const fatesOf = (
  { report }: Pick<ParsedRequest, 'report'>,
  notices: readonly Notice[],
  { parameterNames }: Pick<Dialect, 'parameterNames'>,
): { readonly ignored: readonly string[]; readonly emulated: readonly string[] } => {
  // A failed attempt has sent its own strategy notice; the last one served the turn.
  const { adjusted = [], ignored = [] } = notices.findLast((notice) => notice.kind === 'strategy') ?? {};
  const named = (names: readonly string[]): readonly string[] => names.map((name) => parameterNames?.[name] ?? name);
  return {
    ignored: [...new Set([...report.ignored, ...named(ignored)])],
    emulated: [...new Set([...report.emulated, ...named(adjusted)])],
  };
};
