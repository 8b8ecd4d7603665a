/**
 * What is read of a Messages request; everything else passes through as it came.
 * https://docs.anthropic.com/en/api/messages
 */
import { z } from 'zod';
import { parseOptions } from '../validate.ts';

const text = z.looseObject({ type: z.literal('text'), text: z.string() });
const source = z.looseObject({ type: z.string() });

/**
 * Only blocks with members that this server reads, or that the API requires, are checked; all others only need a type.
 */
const KNOWN = z.discriminatedUnion('type', [
  text,
  z.looseObject({ type: z.literal('image'), source }),
  z.looseObject({ type: z.literal('document'), source }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
    is_error: z.boolean().nullish(),
  }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
]);
const KNOWN_TYPES: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'document',
  'tool_use',
  'tool_result',
  'thinking',
  'redacted_thinking',
]);

const block = z.looseObject({ type: z.string() }).superRefine((value, context) => {
  if (!KNOWN_TYPES.has(value.type)) return;
  const result = KNOWN.safeParse(value, parseOptions);
  for (const issue of result.error?.issues ?? []) context.addIssue({ ...issue });
});

const content = z.union([z.string(), z.array(block)]);
/** A system message may only set an effort, without content. */
const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['user', 'assistant']), content }),
  z.looseObject({ role: z.literal('system'), content: content.nullish() }),
]);

const tool = z.looseObject({
  type: z.string().nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  input_schema: z.looseObject({}).nullish(),
});

const toolName = z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/u, 'a name is 1 to 128 of a-z, A-Z, 0-9, _ and -');
/** A tool that the client runs: no type, or `custom`. */
export const clientTool = z.looseObject({ name: toolName, input_schema: z.looseObject({}) });

const common = {
  model: z.string().min(1),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(text)]).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']), name: z.string().nullish() }).nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().nullish() }).nullish(),
  output_config: z.looseObject({}).nullish(),
  thread: z.unknown().optional(),
};

export const messagesRequest = z.looseObject({
  ...common,
  max_tokens: z.int().min(0),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.looseObject({ user_id: z.string().max(512).nullish() }).nullish(),
});

export const countTokensRequest = z.looseObject(common);

export type MessagesRequest = z.infer<typeof messagesRequest>;
export type CountTokensRequest = z.infer<typeof countTokensRequest>;
