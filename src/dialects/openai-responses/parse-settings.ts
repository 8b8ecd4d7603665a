/** Everything of a Responses request that is neither an item nor a tool: thinking and formats. */
import type { Abilities } from '../../models/model.ts';
import { endsInResults, type Conversation } from '../openai/conversation.ts';
import { describedSchema, jsonFormat, type Format } from '../openai/settings.ts';
import type { Report } from '../parameters.ts';
import { decideThinking, type ReasoningEffort, type ThinkingDecision } from '../thinking.ts';
import type { ResponsesRequest } from './wire.ts';

interface ThinkingContext {
  readonly maxTokens: number;
  readonly abilities: Abilities;
  readonly toolForced: boolean;
  /** The effort in the model's name, which takes precedence. */
  readonly named: ReasoningEffort | undefined;
  /** The request brings results of tools to a model that expects the thinking before the calls, and has lost it. */
  readonly thoughtLost: boolean;
}

export const parseThinking = (
  { reasoning }: ResponsesRequest,
  { named, ...context }: ThinkingContext,
  report: Report,
): ThinkingDecision => {
  const { abilities, toolForced } = context;
  const asked = reasoning?.effort;
  if (named !== undefined && asked !== null && asked !== undefined && asked !== named)
    report.ignore('reasoning.effort');
  const effort = named ?? asked;
  const from = named === undefined ? 'reasoning.effort' : 'model';
  if (effort === null || effort === undefined) {
    // A summary exists only of visible thinking; the model then uses its own effort.
    const shown = wantsSummary(reasoning) && abilities.thinking === 'adaptive' && !toolForced;
    return { fate: 'applied', ...(shown ? { thinking: { type: 'adaptive', display: 'summarized' } } : {}) };
  }
  const decision = decideThinking({ ...context, effort });
  if (decision.fate === 'emulated') report.emulate(from);
  if (decision.fate === 'ignored') report.ignore(from);
  return decision;
};

type Reasoning = ResponsesRequest['reasoning'];

/** `generate_summary` is the older name. */
export const summaryOf = (reasoning: Reasoning): 'auto' | 'concise' | 'detailed' | 'none' | null =>
  reasoning?.summary ?? reasoning?.generate_summary ?? null;

const wantsSummary = (reasoning: Reasoning): boolean => {
  const summary = summaryOf(reasoning);
  return summary !== null && summary !== 'none';
};

/** Inside a tool loop a model with a budget wants the thinking that came before the calls. */
export const thoughtIsLost = (conversation: Conversation): boolean => {
  if (!endsInResults(conversation)) return false;
  const newestAnswer = conversation.messages.findLast(({ role }) => role === 'assistant');
  const [first] = Array.isArray(newestAnswer?.content) ? newestAnswer.content : [];
  return first?.type !== 'thinking' && first?.type !== 'redacted_thinking';
};

export const parseFormat = (text: ResponsesRequest['text'], report: Report): Format => {
  const format = text?.format;
  if (format === null || format === undefined || format.type === 'text') return {};
  const path = ['text', 'format', 'schema'];
  const weaker = (): void => report.emulate('text.format');
  if (format.type === 'json_object') return jsonFormat(undefined, { path, weaker });
  const schema = describedSchema(format, () => report.ignore('text.format.description'));
  return jsonFormat(schema, { path, weaker });
};

/** What `include` asks for, and whether any of it is supported. */
export const parseInclude = (
  include: ResponsesRequest['include'],
  report: Report,
): { readonly encrypted: boolean; readonly sources: boolean } => {
  const asked = new Set(include ?? []);
  // The others ask for parts of items that this server never sends.
  if (asked.has('message.output_text.logprobs')) report.ignore('include');
  return {
    encrypted: asked.has('reasoning.encrypted_content'),
    sources: asked.has('web_search_call.action.sources'),
  };
};
