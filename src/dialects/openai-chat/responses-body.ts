/**
 * A body of the Responses API at `/v1/chat/completions`: Cursor sends one for models whose name has "gpt" in it, and
 * expects chat completion chunks. It is read as the Responses API reads it, with the members of a chat request that are
 * mixed in.
 */
import { parse } from '../openai-responses/parse.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import type { ChatAnswer } from './answer.ts';

/** `input`, and no messages. */
export const isResponsesBody = (body: unknown): body is Loose => {
  if (typeof body !== 'object' || body === null) return false;
  const { input, messages } = body as Loose;
  return input !== undefined && input !== null && !(Array.isArray(messages) && messages.length > 0);
};

type Loose = Readonly<Record<string, unknown>>;

export const parseResponsesBody = (body: Loose, context: ParseContext): ParsedRequest<ChatAnswer> => {
  const { answer, report, ...parsed } = parse(asResponses(body), context);
  const { stream_options: options } = body as { readonly stream_options?: { readonly include_usage?: unknown } | null };
  return {
    ...parsed,
    report: answer.encrypted ? { ...report, ignored: [...report.ignored, 'include'] } : report,
    answer: {
      includeUsage: options?.include_usage === true,
      legacyFunctions: false,
      json: answer.json,
      reasoning: !answer.withoutSummary,
      created: answer.created,
      origin: (name) => answer.names.origin(name),
    },
  };
};

/** Removes what only a chat request has and the Responses API names differently. */
const asResponses = (body: Loose): Loose => {
  const { messages: _none, tools, reasoning, max_tokens, max_completion_tokens, reasoning_effort, ...rest } = body;
  const limit = rest['max_output_tokens'] ?? max_completion_tokens ?? max_tokens;
  return {
    ...rest,
    ...(Array.isArray(tools) && { tools: tools.map((tool: unknown) => flatTool(tool)) }),
    ...(limit !== undefined && { max_output_tokens: limit }),
    ...(reasoning_effort === undefined ? { reasoning } : { reasoning: withEffort(reasoning, reasoning_effort) }),
  };
};

const withEffort = (reasoning: unknown, effort: unknown): unknown =>
  typeof reasoning === 'object' ? { effort, ...reasoning } : (reasoning ?? { effort });

/** Tools of the Chat Completions and of the Messages API as the Responses API has them. */
const flatTool = (tool: unknown): unknown => {
  if (typeof tool !== 'object' || tool === null) return tool;
  const { type, function: inner, input_schema: parameters, ...rest } = tool as Loose;
  if (type === 'function' && typeof inner === 'object' && inner !== null) return { type, ...inner };
  if (parameters !== undefined && (type === undefined || type === null || type === 'custom'))
    return { ...rest, type: 'function', parameters };
  return tool;
};
