/** An effort in the model's name, `sonnet(high)`, as `thinking` and `output_config` of the request. */
import type { ResolvedModel } from '../../models/model.ts';
import type { Message, TurnRequest } from '../../turn/turn.ts';
import { definedOnly } from '../../util/defined-only.ts';
import { isForced } from '../forced-call.ts';
import type { Report } from '../parameters.ts';
import { decideThinking } from '../thinking.ts';
import { lostItsThought } from './adapt-to-model.ts';
import type { MessagesRequest } from './wire.ts';

/** It takes precedence over an effort in the request. How the caller wants to see thinking stays as it is. */
export const withNamedEffort = (
  passed: object,
  body: MessagesRequest,
  { model: { effort: named, abilities }, report }: { readonly model: ResolvedModel; readonly report: Report },
): object => {
  if (named === undefined) return passed;
  const { thinking, output_config: config, tool_choice: choice } = passed as Partial<TurnRequest>;
  const decided = decideThinking({
    effort: named,
    maxTokens: body.max_tokens,
    abilities,
    toolForced: isForced(choice, abilities),
    thoughtLost: lostItsThought(body.messages as Message[]),
  });
  if (decided.fate === 'emulated') report.emulate('model');
  if (decided.fate === 'ignored') report.ignore('model');
  const { effort: asked, ...others } = config ?? {};
  if (asked !== undefined && asked !== null && asked !== named) report.ignore('output_config.effort');
  const output_config = { ...others, ...(decided.effort && { effort: decided.effort }) };
  return definedOnly({
    ...passed,
    thinking: named === 'none' ? decided.thinking : (thinking ?? decided.thinking),
    output_config: Object.keys(output_config).length > 0 ? output_config : undefined,
  });
};
