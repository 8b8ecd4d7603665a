/**
 * The forms that agents, Cursor above all, mix into Chat Completions requests: blocks and tools of the Messages API,
 * items and tools of the Responses API. Each is recognised by its own members, so a request may mix them. A literal
 * that begins with `~` never comes from callers: it fills in where the form has no such member.
 */
import { z } from 'zod';

const optionalText = z.string().nullish();
const schemaObject = z.record(z.string(), z.unknown());

export const toolName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/u, 'a name is 1 to 64 of a-z, A-Z, 0-9, _ and -');

export const textPart = z.looseObject({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() });
export const inputImage = z.looseObject({ type: z.literal('input_image'), image_url: z.string().min(1) });

export const imageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('base64'), media_type: z.string(), data: z.string().min(1) }),
    z.looseObject({ type: z.literal('url'), url: z.string().min(1) }),
  ]),
});
export const toolResult = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, imageBlock, inputImage]))]).nullish(),
  is_error: z.boolean().nullish(),
});
export const assistantBlocks = [
  z.looseObject({ type: z.literal('tool_use'), id: z.string(), name: z.string().min(1), input: schemaObject }),
  z.looseObject({ type: z.literal('thinking') }),
  z.looseObject({ type: z.literal('redacted_thinking') }),
] as const;

export const customToolCall = z.looseObject({
  id: z.string(),
  type: z.literal('custom'),
  custom: z.looseObject({ name: z.string().min(1), input: z.string() }),
});

export const functionCallItem = z.discriminatedUnion('type', [
  z.looseObject({
    role: z.literal('~call'),
    type: z.literal('function_call'),
    call_id: z.string(),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.looseObject({
    role: z.literal('~call'),
    type: z.literal('custom_tool_call'),
    call_id: z.string(),
    name: z.string().min(1),
    input: z.string(),
  }),
]);
export const callOutputItem = z.looseObject({
  role: z.literal('~output'),
  call_id: z.string(),
  output: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, inputImage]))]).nullish(),
});
export const otherItem = z.looseObject({ role: z.literal('~other') });

const ITEM_ROLES: Readonly<Record<string, string>> = {
  function_call: '~call',
  custom_tool_call: '~call',
  function_call_output: '~output',
  custom_tool_call_output: '~output',
};

/** An item of the Responses API that is no message has a type in place of a role. */
export const shapeOfMessage = (value: unknown): unknown => {
  if (!isObject(value) || value['role'] !== undefined || typeof value['type'] !== 'string') return value;
  return { ...value, role: value['type'] === 'message' ? undefined : (ITEM_ROLES[value['type']] ?? '~other') };
};

const definition = { name: toolName, description: optionalText };
const grammar = { syntax: z.string(), definition: z.string() };
const textFormat = z.looseObject({ type: z.literal('text') });

export const customTool = z.looseObject({
  type: z.literal('custom'),
  custom: z.looseObject({
    ...definition,
    format: z
      .discriminatedUnion('type', [
        textFormat,
        z.looseObject({ type: z.literal('grammar'), grammar: z.looseObject(grammar) }),
      ])
      .nullish(),
  }),
});
export const flatFunctionTool = z.looseObject({
  type: z.literal('~flat'),
  ...definition,
  parameters: schemaObject.nullish(),
  strict: z.boolean().nullish(),
});
export const bareTool = z.looseObject({
  type: z.literal('~bare'),
  ...definition,
  input_schema: schemaObject.nullish(),
  strict: z.boolean().nullish(),
});
export const flatCustomTool = z.looseObject({
  type: z.literal('~custom'),
  ...definition,
  format: z
    .discriminatedUnion('type', [textFormat, z.looseObject({ type: z.literal('grammar'), ...grammar })])
    .nullish(),
});
/** Any other type: parsed, then left out. */
export const otherTool = z.looseObject({ type: z.literal('~other') });

export const shapeOfTool = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const type = toolType(value);
  return type === value['type'] ? value : { ...value, type };
};

const toolType = (tool: Loose): unknown => {
  const { type } = tool;
  if (type === undefined || type === null) return 'input_schema' in tool || isBare(tool) ? '~bare' : type;
  if (type === 'function') return tool['function'] === undefined && 'name' in tool ? '~flat' : type;
  if (type === 'custom') {
    if (tool['custom'] !== undefined) return type;
    return 'input_schema' in tool ? '~bare' : '~custom';
  }
  return typeof type === 'string' ? '~other' : type;
};

const isBare = (tool: Loose): boolean => 'name' in tool && !('function' in tool);

/** Choices as Anthropic writes them. */
export const flatChoices = [
  z.looseObject({ type: z.enum(['auto', 'any', 'none']), disable_parallel_tool_use: z.boolean().nullish() }),
  z.looseObject({ type: z.literal('tool'), name: z.string(), disable_parallel_tool_use: z.boolean().nullish() }),
] as const;

/** In the Responses API the members of a choice are one level higher. */
export const shapeOfChoice = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const { type, name } = value;
  if ((type === 'function' || type === 'custom') && value[type] === undefined && name !== undefined)
    return { ...value, [type]: { name } };
  if (type === 'allowed_tools' && value[type] === undefined && value['tools'] !== undefined)
    return { ...value, allowed_tools: { mode: value['mode'] ?? 'auto', tools: value['tools'] } };
  return value;
};

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
