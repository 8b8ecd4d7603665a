/**
 * What is read of requests of Ollama's API, loosely: other members may be there.
 * https://github.com/ollama/ollama/blob/main/docs/api.md; optional parameters may be null.
 */
import { z } from 'zod';

const schemaObject = z.record(z.string(), z.unknown());
const optionalText = z.string().nullish();
const image = z.string().min(1);

const toolCall = z.looseObject({
  id: optionalText,
  function: z.looseObject({ name: z.string().min(1), arguments: schemaObject.nullish() }),
});

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: optionalText,
  images: z.array(image).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_name: optionalText,
  tool_call_id: optionalText,
});

const tool = z.looseObject({
  type: optionalText,
  function: z.looseObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/u, 'a name is 1 to 64 of a-z, A-Z, 0-9, _ and -'),
    description: optionalText,
    parameters: schemaObject.nullish(),
  }),
});

const options = z.looseObject({
  num_predict: z.int().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
});

const common = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  format: z.union([z.enum(['', 'json']), schemaObject]).nullish(),
  options: options.nullish(),
  think: z.union([z.boolean(), z.enum(['minimal', 'low', 'medium', 'high', 'xhigh', 'max'])]).nullish(),
  keep_alive: z.union([z.string(), z.number()]).nullish(),
} as const;

export const chatRequest = z.looseObject({
  ...common,
  messages: z.array(message).nullish(),
  tools: z.array(tool).nullish(),
});

export const generateRequest = z.looseObject({
  ...common,
  prompt: optionalText,
  system: optionalText,
  images: z.array(image).nullish(),
});

/** Whose details are asked for, or what is to be fetched; `name` is the older word for it. */
export const modelRequest = z.looseObject({ model: z.string().min(1).optional(), name: z.string().min(1).optional() });

export type ChatRequest = z.infer<typeof chatRequest>;
export type ChatMessage = z.infer<typeof message>;
export type CommonRequest = Pick<ChatRequest, keyof typeof common>;
