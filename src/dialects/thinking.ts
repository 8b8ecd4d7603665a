/** OpenAI's reasoning effort to what the model has: an effort level, or a budget of thinking tokens. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities, EffortLevel } from '../models/model.ts';

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface ThinkingAsked {
  readonly effort: ReasoningEffort;
  /** A budget asked for in tokens; it wins over the effort where the model has budgets. */
  readonly budget?: number;
  readonly maxTokens: number;
  readonly abilities: Abilities;
  /** Why this request cannot think at all, if so: a forced tool, a tool loop begun without thinking. */
  readonly impossible: boolean;
}

/** What becomes of the wish: exactly as asked, as near as the model allows, or not at all. */
export interface ThinkingDecision {
  readonly fate: 'applied' | 'emulated' | 'ignored';
  readonly thinking?: Anthropic.ThinkingConfigParam;
  readonly effort?: EffortLevel;
}

/** Tokens of thinking for models with budgets; the API's minimum is 1,024. */
export const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
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
  if (asked.impossible) return { fate: 'ignored' };
  return asked.abilities.thinking === 'budget' ? byBudget(asked) : byEffort(asked.effort, asked.abilities);
};

/** A model with budgets does not think unless it is told to. */
const noThinking = (abilities: Abilities): ThinkingDecision => {
  if (abilities.thinking === 'budget') return { fate: 'applied' };
  return abilities.thinkingOff ? { fate: 'applied', thinking: { type: 'disabled' } } : { fate: 'ignored' };
};

const byBudget = ({ effort, budget, maxTokens }: ThinkingAsked): ThinkingDecision => {
  const wanted = budget ?? BUDGETS[effort as keyof typeof BUDGETS];
  const possible = Math.floor(maxTokens * LARGEST_SHARE);
  if (possible < MIN_BUDGET) return { fate: 'ignored' };
  const budget_tokens = Math.max(MIN_BUDGET, Math.min(wanted, possible));
  return { fate: budget_tokens === wanted ? 'applied' : 'emulated', thinking: { type: 'enabled', budget_tokens } };
};

const LADDER: readonly EffortLevel[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** The highest level of the model that is not above the one asked for. */
const byEffort = (effort: Exclude<ReasoningEffort, 'none'> | 'none', { effort: levels }: Abilities): ThinkingDecision => {
  const asked = LADDER.indexOf(effort === 'minimal' || effort === 'none' ? 'low' : effort);
  const level = LADDER.slice(0, asked + 1).findLast((one) => levels.includes(one));
  const thinking = { type: 'adaptive', display: 'summarized' } as const;
  if (level === undefined) return { fate: 'emulated', thinking };
  return { fate: level === effort ? 'applied' : 'emulated', thinking, effort: level };
};
