/** OpenAI's reasoning effort to what the model has: an effort level, or a budget of thinking tokens. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities, AskedEffort, EffortLevel } from '../models/model.ts';

export type ReasoningEffort = AskedEffort;

export interface ThinkingAsked {
  readonly effort: ReasoningEffort;
  /** A token budget; it takes precedence over the effort where the model has budgets. */
  readonly budget?: number;
  readonly maxTokens: number;
  readonly abilities: Abilities;
  /** The API does not let a model think before a forced tool call. */
  readonly toolForced: boolean;
  /**
   * The turn continues after tool results, and the thinking before the calls is missing: models with budgets then
   * refuse to think.
   */
  readonly thoughtLost: boolean;
}

/** How the request is met: exactly, as near as the model allows, or not at all. */
export interface ThinkingDecision {
  readonly fate: 'applied' | 'emulated' | 'ignored';
  readonly thinking?: Anthropic.ThinkingConfigParam;
  readonly effort?: EffortLevel;
}

/** Tokens of thinking for models with budgets; the API's minimum is 1,024. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 1024,
  low: 4096,
  medium: 8192,
  high: 16_384,
  xhigh: 31_999,
  max: 63_999,
};
const MIN_BUDGET = 1024;
/** The budget is part of max_tokens; at least a quarter of those is left for the answer. */
const LARGEST_SHARE = 0.75;

export const decideThinking = (asked: ThinkingAsked): ThinkingDecision => {
  if (asked.effort === 'none') return noThinking(asked.abilities);
  if (asked.abilities.thinking === 'adaptive') return byEffort(asked.effort, asked);
  return asked.toolForced || asked.thoughtLost ? { fate: 'ignored' } : byBudget(asked);
};

/** A model with budgets thinks only on request. */
const noThinking = (abilities: Abilities): ThinkingDecision => {
  if (abilities.thinking === 'budget') return { fate: 'applied' };
  return abilities.thinkingOff ? { fate: 'applied', thinking: { type: 'disabled' } } : leastThinking(abilities);
};

/**
 * The least thinking of a model that always thinks: a type of its own, else its lowest effort.
 * https://platform.claude.com/docs/en/models/sonnet-5-5/whats-new-sonnet-5-5 and the page of Opus 5.5 beside it.
 */
export const leastThinking = ({ leastThinking: type, effort: levels }: Abilities): ThinkingDecision => {
  if (type !== undefined) return { fate: 'emulated', thinking: { type } };
  const lowest = EFFORTS.find((level) => levels.includes(level));
  return lowest === undefined ? { fate: 'ignored' } : { fate: 'emulated', effort: lowest };
};

const byBudget = ({ effort, budget, maxTokens }: ThinkingAsked): ThinkingDecision => {
  const wanted = budget ?? BUDGETS[effort as keyof typeof BUDGETS];
  const possible = Math.floor(maxTokens * LARGEST_SHARE);
  if (possible < MIN_BUDGET) return { fate: 'ignored' };
  const budget_tokens = Math.max(MIN_BUDGET, Math.min(wanted, possible));
  return { fate: budget_tokens === wanted ? 'applied' : 'emulated', thinking: { type: 'enabled', budget_tokens } };
};

/** Effort levels in rising order. */
export const EFFORTS: readonly EffortLevel[] = ['low', 'medium', 'high', 'xhigh', 'max'];

const byEffort = (
  effort: Exclude<ReasoningEffort, 'none'>,
  { abilities, toolForced }: ThinkingAsked,
): ThinkingDecision => {
  const level = nearestEffort(effort === 'minimal' ? 'low' : effort, abilities);
  return {
    fate: level === effort && !toolForced ? 'applied' : 'emulated',
    ...(toolForced ? {} : { thinking: { type: 'adaptive', display: 'summarized' } }),
    ...(level === undefined ? {} : { effort: level }),
  };
};

/** The model's highest level that is not above the requested one. */
export const nearestEffort = (effort: EffortLevel, { effort: levels }: Abilities): EffortLevel | undefined =>
  EFFORTS.slice(0, EFFORTS.indexOf(effort) + 1).findLast((one) => levels.includes(one));
