import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import type { ResponsesAnswer } from '../../../src/dialects/openai-responses/answer/answer.ts';
import type { ParsedRequest } from '../../../src/dialects/dialect.ts';
import { contextOf } from '../support.ts';

export const parse = (body: object, options: Parameters<typeof contextOf>[0] = {}): ParsedRequest<ResponsesAnswer> =>
  openAiResponses.parse({ model: 'm', ...body }, contextOf(options));

/** What a request with these items becomes. */
export const messagesOf = (input: unknown, more: object = {}) => parse({ input, ...more }).request.messages;

export const user = (text: string) => ({ role: 'user', content: [{ type: 'text', text }] });
export const call = (id: string, name = 'f', args: object = {}) => ({
  type: 'function_call',
  call_id: id,
  name,
  arguments: JSON.stringify(args),
});
export const output = (id: string, text: unknown = 'ok') => ({
  type: 'function_call_output',
  call_id: id,
  output: text,
});
export const use = (id: string, name = 'f', input: object = {}) => ({ type: 'tool_use', id, name, input });
export const result = (id: string, content: unknown = 'ok') => ({ type: 'tool_result', tool_use_id: id, content });
