/**
 * Fits a request to the model that a foreign name was mapped to. The caller wrote it for the model it named,
 * so limits and ways of thinking may not be those of the model that answers; each change is reported.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities, EffortLevel } from '../../models/model.ts';
import type { Message, TurnRequest } from '../../turn/turn.ts';
import type { Report } from '../parameters.ts';
import { decideThinking, EFFORTS, leastThinking, nearestEffort } from '../thinking.ts';

export const fitToModel = (request: TurnRequest, abilities: Abilities, report: Report): TurnRequest => {
  const limited = fitLimit(request, abilities, report);
  const { thinking: _thinking, output_config: _config, ...rest } = limited;
  const { thinking, effort: instead } = fitThinking(limited, abilities, report);
  const effort = instead ?? fitEffort(limited, { abilities, thinking }, report);
  const { effort: _effort, ...others } = limited.output_config ?? {};
  const output_config: Anthropic.OutputConfig = { ...others, ...(effort === undefined ? {} : { effort }) };
  const fitted: TurnRequest = {
    ...rest,
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(output_config).length > 0 ? { output_config } : {}),
  };
  return thinks(limited.thinking) && !thinks(thinking) ? withoutThinkingEdits(fitted, report) : fitted;
};

const fitLimit = (request: TurnRequest, { maxOutputTokens }: Abilities, report: Report): TurnRequest => {
  if (request.max_tokens <= maxOutputTokens) return request;
  report.emulate('max_tokens');
  return { ...request, max_tokens: maxOutputTokens };
};

type Thinking = TurnRequest['thinking'];

interface FittedThinking {
  readonly thinking?: Thinking;
  /** Replaces the effort that was asked for. */
  readonly effort?: EffortLevel | undefined;
}

const fitThinking = (request: TurnRequest, abilities: Abilities, report: Report): FittedThinking => {
  const { thinking } = request;
  if (thinking?.type === 'disabled' && !abilities.thinkingOff && abilities.thinking === 'adaptive')
    return fitLeast(request, abilities, report);
  if (thinking?.type === 'between_tools' && abilities.leastThinking !== 'between_tools')
    return fitBetweenTools(request, abilities, report);
  if (thinking?.type === 'enabled') return { thinking: fitBudget(thinking, request, { abilities, report }) };
  if (thinking?.type !== 'adaptive' || abilities.thinking === 'adaptive') return { thinking };
  const decided = decideThinking({
    effort: effortOf(request) ?? 'high',
    maxTokens: request.max_tokens,
    abilities,
    toolForced: request.tool_choice?.type === 'any' || request.tool_choice?.type === 'tool',
    thoughtLost: lostItsThought(request.messages),
  });
  if (decided.thinking === undefined) report.ignore('thinking');
  else report.emulate('thinking');
  return { thinking: decided.thinking && { ...decided.thinking, ...display(thinking) } };
};

/** `disabled`, for a model that always thinks. An effort that the caller chose takes precedence. */
const fitLeast = (request: TurnRequest, abilities: Abilities, report: Report): FittedThinking => {
  const least = leastThinking(abilities);
  const given = effortOf(request);
  if (least.thinking === undefined && (given !== undefined || least.effort === undefined)) {
    report.ignore('thinking');
    return {};
  }
  report.emulate('thinking');
  return least.thinking === undefined
    ? { effort: least.effort }
    : { thinking: least.thinking, effort: cappedEffort(given, report) };
};

/**
 * `between_tools` is refused above `high`: https://platform.claude.com/docs/en/models/sonnet-5-5/whats-new-sonnet-5-5
 */
const cappedEffort = (effort: EffortLevel | undefined, report: Report): EffortLevel | undefined => {
  if (effort !== 'xhigh' && effort !== 'max') return effort;
  report.emulate('output_config.effort');
  return 'high';
};

/** What is the least thinking of one model may be no thinking, or a low effort, on another. */
const fitBetweenTools = (request: TurnRequest, abilities: Abilities, report: Report): FittedThinking => {
  if (abilities.thinking === 'adaptive' && !abilities.thinkingOff) return fitLeast(request, abilities, report);
  report.emulate('thinking');
  return abilities.thinking === 'adaptive' ? { thinking: { type: 'disabled' } } : {};
};

const fitBudget = (
  thinking: Anthropic.ThinkingConfigEnabled,
  { max_tokens }: TurnRequest,
  { abilities, report }: { abilities: Abilities; report: Report },
): Thinking => {
  if (abilities.thinking === 'adaptive') {
    report.emulate('thinking');
    return { type: 'adaptive', ...display(thinking) };
  }
  if (thinking.budget_tokens < max_tokens) return thinking;
  report.emulate('thinking');
  return { ...thinking, budget_tokens: Math.max(1024, Math.floor(max_tokens * 0.75)) };
};

const display = (thinking: { display?: 'summarized' | 'omitted' | null }): { display?: 'summarized' | 'omitted' } =>
  thinking.display === undefined || thinking.display === null ? {} : { display: thinking.display };

const fitEffort = (
  request: TurnRequest,
  { abilities, thinking }: { abilities: Abilities; thinking: Thinking },
  report: Report,
): EffortLevel | undefined => {
  const effort = effortOf(request);
  const level = effort && nearestEffort(effort, abilities);
  if (effort === undefined || level === effort) return level;
  if (level === undefined && !(thinking?.type === 'enabled' && request.thinking?.type === 'adaptive'))
    report.ignore('output_config.effort');
  else report.emulate('output_config.effort');
  return level;
};

const effortOf = ({ output_config }: TurnRequest): EffortLevel | undefined =>
  EFFORTS.find((level) => level === output_config?.effort);

const thinks = (thinking: Thinking): boolean => thinking !== undefined && thinking.type !== 'disabled';

/** Inside a tool loop a model with a budget wants the thinking that came before the calls. */
export const lostItsThought = (messages: readonly Message[]): boolean => {
  const exchanged = messages.filter(({ role }) => role !== 'system');
  const [before, last] = [exchanged.at(-2), exchanged.at(-1)];
  if (before?.role !== 'assistant' || !Array.isArray(before.content) || !Array.isArray(last?.content)) return false;
  if (!last.content.some(({ type }) => type === 'tool_result')) return false;
  const first = before.content[0]?.type;
  return first !== 'thinking' && first !== 'redacted_thinking';
};

/** Without thinking, the API refuses edits of it. */
const withoutThinkingEdits = (request: TurnRequest, report: Report): TurnRequest => {
  const { context_management: management, ...rest } = request as TurnRequest & {
    context_management?: { edits?: readonly { type?: unknown }[] };
  };
  const edits = Array.isArray(management?.edits) ? management.edits : [];
  const kept = edits.filter((edit) => !String(edit.type).startsWith('clear_thinking'));
  if (kept.length === edits.length) return request;
  report.ignore('context_management');
  return kept.length === 0 ? rest : ({ ...rest, context_management: { ...management, edits: kept } } as TurnRequest);
};
