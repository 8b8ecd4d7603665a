/** Everything of a Chat Completions request that is neither a message nor a tool: limits, thinking, formats, user. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities } from '../../models/model.ts';
import { invalid } from '../validate.ts';
import type { Report } from '../parameters.ts';
import { sha256 } from '../../util/sha256.ts';
import { forStructuredOutput, SchemaRefused, type Rewritten, type Schema } from '../structured-output.ts';
import { decideThinking, type ReasoningEffort, type ThinkingDecision } from '../thinking.ts';
import type { ChatRequest } from './wire.ts';

/** What a request without a limit gets, where the model allows it. */
export const DEFAULT_MAX_TOKENS = 32_000;

interface Limits {
  readonly max_tokens?: number | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
}

export const parseMaxTokens = (body: Limits, abilities: Abilities, report: Report): number => {
  const asked = body.max_completion_tokens ?? body.max_tokens;
  if (asked === null || asked === undefined) return Math.min(DEFAULT_MAX_TOKENS, abilities.maxOutputTokens);
  if (asked <= abilities.maxOutputTokens) return asked;
  report.emulate(typeof body.max_completion_tokens === 'number' ? 'max_completion_tokens' : 'max_tokens');
  return abilities.maxOutputTokens;
};

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

/** Stable for one user, and says nothing about who that is. */
export const parseUser = (user: string | null | undefined): { metadata?: Anthropic.Metadata } =>
  user === null || user === undefined || user === '' ? {} : { metadata: { user_id: sha256(user) } };

/** OpenAI's `default` is what the Messages API calls `standard_only`. */
export const parseServiceTier = (
  tier: ChatRequest['service_tier'],
  report: Report,
): { service_tier?: 'auto' | 'standard_only' } => {
  if (tier === null || tier === undefined) return {};
  if (tier === 'auto' || tier === 'default') return { service_tier: tier === 'auto' ? 'auto' : 'standard_only' };
  report.ignore('service_tier');
  return {};
};

interface ThinkingContext {
  readonly maxTokens: number;
  readonly abilities: Abilities;
  readonly toolForced: boolean;
  /** The request brings results of tools to a model that expects the thinking before the calls, and has lost it. */
  readonly insideLoop: boolean;
}

export const parseThinking = (body: ChatRequest, context: ThinkingContext, report: Report): ThinkingDecision => {
  const { effort, from } = effortOf(body);
  if (effort === undefined) return { fate: 'applied' };
  const budget = report.applies('reasoning.max_tokens') ? body.reasoning?.max_tokens : undefined;
  const { abilities, maxTokens } = context;
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

export interface Format {
  readonly format?: Anthropic.JSONOutputFormat;
  /** Asks for JSON where the API has no mode for it; the only text this server ever adds, and documented. */
  readonly instruction?: string;
}

export const JSON_OBJECT_INSTRUCTION =
  'Answer with a single JSON object and nothing else: no prose around it and no code fence.';

export const parseFormat = (format: ChatRequest['response_format'], report: Report): Format => {
  if (format === null || format === undefined || format.type === 'text') return {};
  const schema = format.type === 'json_schema' ? described(format.json_schema, report) : format.schema;
  if (schema === null || schema === undefined) {
    report.emulate('response_format');
    return { instruction: JSON_OBJECT_INSTRUCTION };
  }
  const rewritten = rewrite(
    schema,
    format.type === 'json_schema' ? ['response_format', 'json_schema', 'schema'] : ['response_format', 'schema'],
  );
  if (rewritten.weaker) report.emulate('response_format');
  return { format: { type: 'json_schema', schema: rewritten.schema } };
};

interface NamedSchema {
  readonly schema?: Schema | null | undefined;
  readonly description?: string | null | undefined;
}

/** The API has no place for a description but the schema. */
const described = ({ schema, description }: NamedSchema, report: Report): Schema | null | undefined => {
  if (description === null || description === undefined || description === '') return schema;
  if (schema !== null && schema !== undefined && schema['description'] === undefined) return { description, ...schema };
  if (schema?.['description'] !== description) report.ignore('response_format.json_schema.description');
  return schema;
};

const rewrite = (schema: Schema, path: readonly string[]): Rewritten => {
  try {
    return forStructuredOutput(schema);
  } catch (error) {
    if (error instanceof SchemaRefused) throw invalid('openai', [...path, ...error.path], error.message);
    throw error;
  }
};
