/** `output_config` as it reaches the model. `output_format` is the older name of one of its members. */
import { EFFORTS } from '../thinking.ts';
import type { ResolvedModel } from '../../models/model.ts';
import type { ParseContext } from '../dialect.ts';
import { invalid } from '../validate.ts';
import type { Report } from '../parameters.ts';
import type { CountTokensRequest } from './wire.ts';

interface Parsing {
  readonly context: ParseContext;
  readonly model: ResolvedModel;
  readonly report: Report;
}

/** Throws `invalid_request` for an effort that does not exist, where the API itself would not check it. */
export const outputConfig = (
  { output_format: format, output_config }: CountTokensRequest,
  parsing: Parsing,
): { output_config?: object } => {
  checkEffort(output_config?.['effort'], parsing);
  const { task_budget: budget, ...rest }: Record<string, unknown> = {
    ...(format !== null && format !== undefined && { format }),
    ...output_config,
  };
  const passes = budget !== undefined && parsing.report.applies('output_config.task_budget');
  const whole = { ...rest, ...(passes && { task_budget: budget }) };
  return Object.keys(whole).length === 0 ? {} : { output_config: whole };
};

/**
 * Only an effort that is adapted to a model or handed to Claude Code is checked here. The API checks the others: it may
 * know efforts that this list does not.
 */
const checkEffort = (effort: unknown, { context, model }: Parsing): void => {
  if (effort === null || effort === undefined || EFFORTS.some((level) => level === effort)) return;
  if (model.via === 'exact' && context.engine.abilities.otherParameters) return;
  throw invalid(
    'anthropic',
    ['output_config', 'effort'],
    `expected ${EFFORTS.map((level) => `'${level}'`).join(', ')}.`,
  );
};
