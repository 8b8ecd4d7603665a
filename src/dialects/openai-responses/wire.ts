/**
 * What is read of a Responses request. Other members are allowed, and unknown tools and items are skipped later rather
 * than refused here, because clients send everything they have.
 * https://platform.openai.com/docs/api-reference/responses/create; optional parameters may be null.
 */
import { z } from 'zod';

const schemaObject = z.record(z.string(), z.unknown());
const optionalText = z.string().nullish();

const part = z.discriminatedUnion('type', [
  z.looseObject({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() }),
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
  z.looseObject({ type: z.literal('input_image'), image_url: optionalText, file_id: optionalText }),
  z.looseObject({
    type: z.literal('input_file'),
    file_data: optionalText,
    file_id: optionalText,
    file_url: optionalText,
    filename: optionalText,
  }),
  z.looseObject({ type: z.literal('input_audio') }),
]);
const content = z.union([z.string(), z.array(part)]).nullish();

const callId = z.string().min(1);
const called = { call_id: callId, name: z.string().min(1), namespace: optionalText };

const message = z.looseObject({
  type: z.literal('message'),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content,
});
const functionCall = z.looseObject({ type: z.literal('function_call'), ...called, arguments: z.string() });
const customCall = z.looseObject({ type: z.literal('custom_tool_call'), ...called, input: z.string() });
const callOutput = z.looseObject({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: callId,
  output: content,
});
const reasoning = z.looseObject({ type: z.literal('reasoning'), encrypted_content: optionalText });
const hostedCall = z.looseObject({
  type: z.enum(['web_search_call', 'code_interpreter_call']),
  encrypted_content: optionalText,
});
const itemReference = z.looseObject({ type: z.literal('item_reference'), id: z.string().min(1) });
const unknownItem = z.looseObject({ type: z.literal('unknown'), of: z.string() });

const unknownTool = z.looseObject({ type: z.literal('unknown'), of: z.string() });
const functionTool = z.looseObject({
  type: z.literal('function'),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/u, 'a name is 1 to 128 of a-z, A-Z, 0-9, _ and -'),
  description: optionalText,
  parameters: schemaObject.nullish(),
  strict: z.boolean().nullish(),
});
const customTool = z.looseObject({
  type: z.literal('custom'),
  name: functionTool.shape.name,
  description: optionalText,
  format: z
    .discriminatedUnion('type', [
      z.looseObject({ type: z.literal('text') }),
      z.looseObject({ type: z.literal('grammar'), syntax: z.string(), definition: z.string() }),
    ])
    .nullish(),
});
const namespaceTool = z.looseObject({
  type: z.literal('namespace'),
  name: z.string().min(1),
  description: optionalText,
  tools: z.array(
    z.preprocess(
      (value) => knownOr(inNamespaces, toolTypeOf)(value),
      z.discriminatedUnion('type', [functionTool, customTool, unknownTool]),
    ),
  ),
});
const webSearchTool = z.looseObject({
  type: z.literal('web_search'),
  external_web_access: z.boolean().nullish(),
  filters: z
    .looseObject({ allowed_domains: z.array(z.string()).nullish(), blocked_domains: z.array(z.string()).nullish() })
    .nullish(),
  user_location: z
    .looseObject({ city: optionalText, country: optionalText, region: optionalText, timezone: optionalText })
    .nullish(),
});
const codeTool = z.looseObject({ type: z.literal('code_interpreter') });

/** An object whose `type` is not among those of the union becomes `{ type: 'unknown', of }`. */
const knownOr = (known: ReadonlyMap<string, string>, typeOf: (value: object) => unknown) => (value: unknown) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const type = typeOf(value);
  if (typeof type !== 'string') return value;
  const name = known.get(type);
  return name === undefined ? { ...value, type: 'unknown', of: type } : { ...value, type: name };
};

const ITEM_TYPES = [
  'message',
  'function_call',
  'custom_tool_call',
  'function_call_output',
  'custom_tool_call_output',
  'reasoning',
  'web_search_call',
  'code_interpreter_call',
  'item_reference',
  'additional_tools',
  'compaction',
  'compaction_trigger',
];
const TOOL_TYPES = ['function', 'custom', 'namespace', 'web_search', 'code_interpreter'];
const WEB_SEARCHES = ['web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11'];

const itself = (names: readonly string[]): readonly (readonly [string, string])[] => names.map((name) => [name, name]);
const items: ReadonlyMap<string, string> = new Map(itself(ITEM_TYPES));
const tools: ReadonlyMap<string, string> = new Map([
  ...itself(TOOL_TYPES),
  ...WEB_SEARCHES.map((name) => [name, 'web_search'] as const),
]);

const inNamespaces: ReadonlyMap<string, string> = new Map(itself(['function', 'custom']));

const toolTypeOf = (value: { readonly type?: unknown }): unknown => value.type;

/** A message may come without a type; so may a reference, which has only an id. */
const itemTypeOf = (value: { readonly type?: unknown; readonly role?: unknown; readonly id?: unknown }): unknown => {
  if (value.type !== undefined && value.type !== null) return value.type;
  return value.role === undefined && typeof value.id === 'string' ? 'item_reference' : 'message';
};

const tool = z.preprocess(
  knownOr(tools, toolTypeOf),
  z.discriminatedUnion('type', [functionTool, customTool, namespaceTool, webSearchTool, codeTool, unknownTool]),
);
const additionalTools = z.looseObject({ type: z.literal('additional_tools'), tools: z.array(tool) });

const item = z.preprocess(
  knownOr(items, itemTypeOf),
  z.discriminatedUnion('type', [
    message,
    functionCall,
    customCall,
    callOutput,
    reasoning,
    hostedCall,
    itemReference,
    additionalTools,
    z.looseObject({ type: z.literal('compaction'), encrypted_content: z.string() }),
    z.looseObject({ type: z.literal('compaction_trigger') }),
    unknownItem,
  ]),
);
export const inputItems = z.array(item);

const namedChoice = z.looseObject({ type: z.string(), name: optionalText, namespace: optionalText });
const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']).nullish(),
    tools: z.array(namedChoice).min(1),
  }),
  namedChoice.extend({ type: z.string().refine((type) => type !== 'allowed_tools', 'a list of tools is required') }),
]);

const format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/u, 'a name is 1 to 64 of a-z, A-Z, 0-9, _ and -'),
    description: optionalText,
    schema: schemaObject.nullish(),
    strict: z.boolean().nullish(),
  }),
]);

const tokens = z.int().min(1);

export const responsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), inputItems]).nullish(),
  instructions: optionalText,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  max_output_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  reasoning: z
    .looseObject({
      effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      summary: z.enum(['auto', 'concise', 'detailed', 'none']).nullish(),
      generate_summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
    })
    .nullish(),
  text: z.looseObject({ format: format.nullish(), verbosity: z.enum(['low', 'medium', 'high']).nullish() }).nullish(),
  include: z.array(z.string()).nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 pairs')
    .nullish(),
  store: z.boolean().nullish(),
  previous_response_id: optionalText,
  truncation: z.enum(['auto', 'disabled']).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast']).nullish(),
  user: optionalText,
  safety_identifier: z.string().max(128).nullish(),
  prompt_cache_key: optionalText,
  prompt_cache_retention: optionalText,
  background: z.boolean().nullish(),
});

export type ResponsesRequest = z.infer<typeof responsesRequest>;
export type InputItem = z.infer<typeof item>;
export type ContentPart = z.infer<typeof part>;
export type RequestTool = z.infer<typeof tool>;
export type FunctionTool = z.infer<typeof functionTool>;
export type CustomTool = z.infer<typeof customTool>;
export type WebSearchTool = z.infer<typeof webSearchTool>;
export type ToolChoice = z.infer<typeof toolChoice>;
