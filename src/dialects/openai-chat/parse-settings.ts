/** Everything of a Chat Completions request that is neither a message nor a tool: limits, thinking, formats, user. */
import type { Abilities } from '../../models/model.ts';
import { describedSchema, jsonFormat, maxTokens, type Format } from '../openai/settings.ts';
import type { Report } from '../parameters.ts';
import { decideThinking, type ReasoningEffort, type ThinkingDecision } from '../thinking.ts';
import type { ChatRequest } from './wire.ts';

interface Limits {
  readonly max_tokens?: number | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
}

export const parseMaxTokens = (body: Limits, abilities: Abilities, report: Report): number =>
  maxTokens(body.max_completion_tokens ?? body.max_tokens, abilities, () =>
    report.emulate(typeof body.max_completion_tokens === 'number' ? 'max_completion_tokens' : 'max_tokens'),
  );

export interface Stops {
  readonly stop_sequences?: string[];
}

/** The API refuses sequences of only whitespace: those are cut by this server. */
export const parseStops = (
  stop: string | readonly string[] | null | undefined,
  report: Report,
): { native: Stops; emulated: readonly string[] } => {
  const all = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((one) => one !== '');
  const native = all.filter((one) => one.trim() !== '');
  const emulated = all.filter((one) => one.trim() === '');
  if (emulated.length > 0) report.emulate('stop');
  return { native: native.length > 0 ? { stop_sequences: native } : {}, emulated };
};

interface ThinkingContext {
  readonly maxTokens: number;
  readonly abilities: Abilities;
  readonly toolForced: boolean;
  /** The effort in the model's name, which takes precedence. */
  readonly named: ReasoningEffort | undefined;
  /** The request brings results of tools to a model that expects the thinking before the calls, and has lost it. */
  readonly insideLoop: boolean;
}

export const parseThinking = (body: ChatRequest, context: ThinkingContext, report: Report): ThinkingDecision => {
  const { abilities, maxTokens, named } = context;
  const asked = effortOf(body);
  if (named !== undefined && asked.effort !== undefined && asked.effort !== named) report.ignore(asked.from);
  const { effort, from } = named === undefined ? asked : { effort: named, from: 'model' };
  if (effort === undefined) return { fate: 'applied' };
  const budget = named === undefined && report.applies('reasoning.max_tokens') ? body.reasoning?.max_tokens : undefined;
  const decision = decideThinking({
    effort,
    maxTokens,
    abilities,
    ...(typeof budget === 'number' && budget > 0 ? { budget } : {}),
    toolForced: context.toolForced,
    thoughtLost: context.insideLoop,
  });
  if (decision.fate === 'emulated') report.emulate(from);
  if (decision.fate === 'ignored') report.ignore(from);
  return decision;
};

const effortOf = ({
  reasoning_effort: plain,
  reasoning,
}: ChatRequest): { effort: ReasoningEffort | undefined; from: string } => {
  if (plain !== null && plain !== undefined) return { effort: plain, from: 'reasoning_effort' };
  if (reasoning?.enabled === false) return { effort: 'none', from: 'reasoning.enabled' };
  if (reasoning?.effort !== null && reasoning?.effort !== undefined)
    return { effort: reasoning.effort, from: 'reasoning.effort' };
  if ((reasoning?.max_tokens ?? 0) > 0) return { effort: 'medium', from: 'reasoning.max_tokens' };
  return { effort: reasoning?.enabled === true ? 'medium' : undefined, from: 'reasoning.enabled' };
};

export const parseFormat = (format: ChatRequest['response_format'], report: Report): Format => {
  if (format === null || format === undefined || format.type === 'text') return {};
  const weaker = (): void => report.emulate('response_format');
  if (format.type === 'json_object') return jsonFormat(format.schema, { path: ['response_format', 'schema'], weaker });
  const lost = (): void => report.ignore('response_format.json_schema.description');
  const schema = describedSchema(format.json_schema, lost);
  return jsonFormat(schema, { path: ['response_format', 'json_schema', 'schema'], weaker });
};
