/**
 * What is read of a Chat Completions request, loosely: other members may be there.
 * https://platform.openai.com/docs/api-reference/chat/create; optional parameters may be null.
 */
import { z } from 'zod';
import {
  assistantBlocks,
  bareTool,
  callOutputItem,
  customTool,
  customToolCall,
  flatChoices,
  flatCustomTool,
  flatFunctionTool,
  functionCallItem,
  imageBlock,
  inputImage,
  otherItem,
  otherTool,
  shapeOfChoice,
  shapeOfMessage,
  shapeOfTool,
  textPart as text,
  toolName,
  toolResult,
} from './wire-shapes.ts';

const schemaObject = z.record(z.string(), z.unknown());

const userPart = z.discriminatedUnion('type', [
  text,
  z.looseObject({
    type: z.literal('image_url'),
    image_url: z.looseObject({ url: z.string().min(1), detail: z.string().nullish() }),
  }),
  z.looseObject({
    type: z.literal('file'),
    file: z.looseObject({
      file_data: z.string().nullish(),
      file_id: z.string().nullish(),
      filename: z.string().nullish(),
    }),
  }),
  z.looseObject({ type: z.literal('input_audio') }),
  imageBlock,
  inputImage,
  toolResult,
]);
const resultPart = z.discriminatedUnion('type', [
  text,
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string().min(1) }) }),
  imageBlock,
  inputImage,
]);
const assistantPart = z.discriminatedUnion('type', [
  text,
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
  ...assistantBlocks,
]);

const calledFunction = z.looseObject({ name: z.string().min(1), arguments: z.string() });
const toolCall = z.union([
  z.looseObject({ id: z.string(), type: z.literal('function').nullish(), function: calledFunction }),
  customToolCall,
]);

const systemContent = z.union([z.string(), z.array(text)]).nullable();

const message = z.preprocess(
  shapeOfMessage,
  z.discriminatedUnion('role', [
    z.looseObject({ role: z.enum(['system', 'developer']), content: systemContent }),
    z.looseObject({
      role: z.literal('user'),
      content: z.union([z.string(), z.array(userPart)]).nullable(),
      name: z.string().nullish(),
    }),
    z.looseObject({
      role: z.literal('assistant'),
      content: z.union([z.string(), z.array(assistantPart)]).nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(toolCall).nullish(),
      function_call: calledFunction.nullish(),
    }),
    z.looseObject({
      role: z.literal('tool'),
      tool_call_id: z.string(),
      content: z.union([z.string(), z.array(resultPart)]).nullish(),
    }),
    z.looseObject({ role: z.literal('function'), name: z.string(), content: z.string().nullish() }),
    functionCallItem,
    callOutputItem,
    otherItem,
  ]),
);

const functionDefinition = z.looseObject({
  name: toolName,
  description: z.string().nullish(),
  parameters: schemaObject.nullish(),
  strict: z.boolean().nullish(),
});
const tool = z.preprocess(
  shapeOfTool,
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('function'), function: functionDefinition }),
    customTool,
    flatFunctionTool,
    bareTool,
    flatCustomTool,
    otherTool,
  ]),
);

const named = z.looseObject({ name: z.string() });
const namedTool = z.preprocess(
  shapeOfChoice,
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('function'), function: named }),
    z.looseObject({ type: z.literal('custom'), custom: named }),
  ]),
);
const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.preprocess(
    shapeOfChoice,
    z.discriminatedUnion('type', [
      z.looseObject({ type: z.literal('function'), function: named }),
      z.looseObject({ type: z.literal('custom'), custom: named }),
      z.looseObject({
        type: z.literal('allowed_tools'),
        allowed_tools: z.looseObject({ mode: z.enum(['auto', 'required']), tools: z.array(namedTool).min(1) }),
      }),
      ...flatChoices,
    ]),
  ),
]);

const responseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object'), schema: schemaObject.nullish() }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: toolName,
      description: z.string().nullish(),
      schema: schemaObject.nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
const tokens = z.int().min(1);

/** Members that `/v1/completions` shares. */
export const commonRequest = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  max_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  n: z.int().min(1).max(128).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4, 'at most 4 sequences')]).nullish(),
  logit_bias: z.record(z.string(), z.number().min(-100).max(100)).nullish(),
  user: z.string().nullish(),
} as const;

export const chatRequest = z.looseObject({
  ...commonRequest,
  messages: z.array(message).min(1),
  /** Anthropic's name for it. */
  system: systemContent.optional(),
  max_completion_tokens: tokens.nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(functionDefinition).min(1).nullish(),
  function_call: z.union([z.enum(['none', 'auto']), z.looseObject({ name: z.string() })]).nullish(),
  response_format: responseFormat.nullish(),
  reasoning_effort: effort.nullish(),
  reasoning: z
    .looseObject({
      effort: effort.nullish(),
      enabled: z.boolean().nullish(),
      exclude: z.boolean().nullish(),
      max_tokens: z.int().min(0).nullish(),
    })
    .nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 pairs')
    .nullish(),
  modalities: z.array(z.enum(['text', 'audio'])).nullish(),
  prediction: z
    .looseObject({
      type: z.literal('content'),
      content: z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]),
    })
    .nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast']).nullish(),
  store: z.boolean().nullish(),
  safety_identifier: z.string().max(128).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  prompt_cache_options: z.looseObject({}).nullish(),
  web_search_options: z
    .looseObject({
      search_context_size: z.string().nullish(),
      user_location: z.looseObject({ approximate: z.looseObject({}).nullish() }).nullish(),
    })
    .nullish(),
  moderation: z.looseObject({}).nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type ChatMessage = ChatRequest['messages'][number];
export type ChatTool = NonNullable<ChatRequest['tools']>[number];
export type UserPart = z.infer<typeof userPart>;
export type ResultPart = z.infer<typeof resultPart>;
export type ToolCall = z.infer<typeof toolCall>;
export type ToolResult = z.infer<typeof toolResult>;
