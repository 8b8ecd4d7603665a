/** `PROXY_STRICT=1`: parameters that would be ignored are refused instead. */
import { TurnError } from '../turn/errors.ts';
import type { ParameterReport } from './dialect.ts';

/** The 400 that names the first ignored field; undefined where nothing was ignored. */
export const strictError = (report: ParameterReport): TurnError | undefined => {
  const [first] = report.ignored;
  if (first === undefined) return undefined;
  const message =
    `Unsupported parameter: this server cannot apply ` +
    `${report.ignored.map((name) => `'${name}'`).join(', ')}, and PROXY_STRICT is set.`;
  return new TurnError('unsupported_parameter', message, { param: first });
};
