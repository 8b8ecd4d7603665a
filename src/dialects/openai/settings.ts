/** Settings that OpenAI's APIs share: limits, formats, users, tiers. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities } from '../../models/model.ts';
import { sha256 } from '../../util/sha256.ts';
import { forStructuredOutput, SchemaRefused, type Rewritten, type Schema } from '../structured-output.ts';
import { invalid } from '../validate.ts';

/** The limit of a request that sets none, where the model allows it. */
const DEFAULT_MAX_TOKENS = 32_000;

/** `cut` is called where the caller asked for more than the model's maximum. */
export const maxTokens = (
  asked: number | null | undefined,
  { maxOutputTokens }: Pick<Abilities, 'maxOutputTokens'>,
  cut: () => void,
): number => {
  if (asked === null || asked === undefined) return Math.min(DEFAULT_MAX_TOKENS, maxOutputTokens);
  if (asked > maxOutputTokens) cut();
  return Math.min(asked, maxOutputTokens);
};

/** Stable for one user, and not traceable to the user. */
export const parseUser = (user: string | null | undefined): { metadata?: Anthropic.Metadata } =>
  user === null || user === undefined || user === '' ? {} : { metadata: { user_id: sha256(user) } };

/** OpenAI's `default` is `standard_only` in the Messages API, which has no other tier to ask for. */
export const parseServiceTier = (
  tier: string | null | undefined,
  ignored: () => void,
): { service_tier?: 'auto' | 'standard_only' } => {
  if (tier === null || tier === undefined) return {};
  if (tier === 'auto' || tier === 'default') return { service_tier: tier === 'auto' ? 'auto' : 'standard_only' };
  ignored();
  return {};
};

export interface Format {
  readonly format?: Anthropic.JSONOutputFormat;
  /** Asks for JSON where the API has no mode for it. This is the only text that this server adds; it is documented. */
  readonly instruction?: string;
}

const JSON_OBJECT_INSTRUCTION =
  'Answer with a single JSON object and nothing else: no prose around it and no code fence.';

/** The schema's path in the caller's request, and what to do where the schema cannot be enforced in full. */
export interface FormatReport {
  readonly path: readonly string[];
  readonly weaker: () => void;
}

/** Without a schema, any JSON object is accepted. */
export const jsonFormat = (schema: Schema | null | undefined, { path, weaker }: FormatReport): Format => {
  if (schema === null || schema === undefined) {
    weaker();
    return { instruction: JSON_OBJECT_INSTRUCTION };
  }
  const rewritten = rewrite(schema, path);
  if (rewritten.weaker) weaker();
  return { format: { type: 'json_schema', schema: rewritten.schema } };
};

interface NamedSchema {
  readonly schema?: Schema | null | undefined;
  readonly description?: string | null | undefined;
}

/** A description can only be put into the schema; `lost` is called where the schema has its own. */
export const describedSchema = ({ schema, description }: NamedSchema, lost: () => void): Schema | null | undefined => {
  if (description === null || description === undefined || description === '') return schema;
  if (schema !== null && schema !== undefined && schema['description'] === undefined) return { description, ...schema };
  if (schema?.['description'] !== description) lost();
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
