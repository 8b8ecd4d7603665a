/** What the API refuses of a request's settings, by what the model can do: sampling, thinking, effort. */
import { abilitiesOf } from '../models/catalog.ts';
import type { Abilities } from '../models/model.ts';
import { blocksOf, invalid, type DemoMessage, type DemoRequestBody } from './answer.ts';

export const checkSettings = (body: DemoRequestBody): void => {
  const abilities = abilitiesOf(body.model);
  checkSampling(body, abilities.sampling);
  if ((body.stop_sequences ?? []).some((sequence) => sequence.trim() === ''))
    throw invalid('stop_sequences: each stop sequence must contain non-whitespace');
  if (body.max_tokens > abilities.maxOutputTokens) {
    throw invalid(
      `max_tokens: ${body.max_tokens} > ${abilities.maxOutputTokens}, which is the maximum allowed number of ` +
        `output tokens for ${body.model}`,
    );
  }
  checkThinkingType(body, abilities);
  checkThinking(body, abilities);
  if (abilities.forcedTools === false && (body.tool_choice?.type === 'any' || body.tool_choice?.type === 'tool')) {
    throw invalid(`tool_choice: forcing tool use is not supported for ${body.model}; use "auto".`);
  }
  if (abilities.systemMessages !== true && body.messages.some(({ role }) => role === 'system'))
    throw invalid("role 'system' is not supported on this model");
  const effort = body.output_config?.effort;
  if (effort !== undefined && !abilities.effort.some((level) => level === effort)) {
    throw invalid(
      abilities.effort.length === 0
        ? 'This model does not support the effort parameter.'
        : `output_config.effort: '${effort}' is not supported by this model`,
    );
  }
};

const checkSampling = (
  { temperature, top_p, top_k, model }: DemoRequestBody,
  sampling: 'both' | 'one' | 'none',
): void => {
  for (const [name, value] of Object.entries({ temperature, top_p })) {
    if (value !== undefined && !(value >= 0 && value <= 1)) throw invalid(`${name}: range: 0..1`);
  }
  // Only values other than the default are refused.
  const set = Object.entries({ temperature, top_p, top_k }).filter(([, value]) => value !== undefined && value !== 1);
  if (sampling === 'none' && set[0] !== undefined)
    throw invalid(`\`${set[0][0]}\` is deprecated for this model. (${model})`);
  if (sampling === 'one' && temperature !== undefined && top_p !== undefined) {
    throw invalid('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  }
};

/** Which `thinking.type` a model takes: https://platform.claude.com/docs/en/build-with-claude/thinking */
const checkThinkingType = (
  { model, thinking, output_config: { effort } = {} }: DemoRequestBody,
  { thinking: kind, thinkingOff, leastThinking, sampling }: Abilities,
): void => {
  const type = thinking?.type;
  const least = leastThinking ?? 'adaptive';
  if (type === 'adaptive' && kind === 'budget') throw invalid('adaptive thinking is not supported on this model');
  if (type === 'between_tools' && (effort === 'xhigh' || effort === 'max'))
    throw invalid('"thinking.type.between_tools" is not supported at this effort; use "high" or lower.');
  const refused =
    (type === 'disabled' && !thinkingOff) ||
    (type === 'between_tools' && leastThinking === undefined) ||
    (type === 'enabled' && sampling === 'none');
  if (!refused) return;
  throw invalid(
    `"thinking.type.${type}" is not supported for this model. Use ` +
      `"thinking.type.${type === 'disabled' ? least : 'adaptive'}" ` +
      `and "output_config.effort" to control thinking behavior. (${model})`,
  );
};

const checkThinking = (body: DemoRequestBody, { thinking: kind }: Abilities): void => {
  const { thinking, temperature, max_tokens: maxTokens, tool_choice: choice, messages } = body;
  if (thinking?.type !== 'enabled') return;
  if ((thinking.budget_tokens ?? 0) < 1024)
    throw invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  if ((thinking.budget_tokens ?? 0) >= maxTokens)
    throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
  if (temperature !== undefined && temperature !== 1)
    throw invalid('`temperature` may only be set to 1 when thinking is enabled.');
  if (choice?.type === 'any' || choice?.type === 'tool')
    throw invalid('Thinking may not be enabled when tool_choice forces tool use.');
  if (kind === 'budget') checkOpenLoop(messages);
};

/** With a thinking budget, the tool calls that are being answered must still begin with their thinking. */
const checkOpenLoop = (messages: readonly DemoMessage[]): void => {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const message = messages[last];
  if (message === undefined) return;
  const first = blocksOf(message)[0];
  const answersCalls = messages
    .slice(last + 1)
    .some((later) => blocksOf(later).some(({ type }) => type === 'tool_result'));
  if (!answersCalls || first === undefined || first.type === 'thinking' || first.type === 'redacted_thinking') return;
  throw invalid(
    `messages.${last}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`.`,
  );
};
