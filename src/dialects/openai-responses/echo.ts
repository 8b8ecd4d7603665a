/** The part of a Response that repeats the request; members that the request left out have the API's defaults. */
import type { Response } from 'openai/resources/responses/responses';
import type { Echo } from './answer/answer.ts';
import { summaryOf } from './parse-settings.ts';
import type { ResponsesRequest } from './wire.ts';

interface AsSent {
  /** The body as the caller sent it: tools keep their original types. */
  readonly body: unknown;
  /** Whether this answer is stored. */
  readonly stored: boolean;
}

export const echoOf = (request: ResponsesRequest, { body, stored }: AsSent): Echo => ({
  background: false,
  frequency_penalty: request.frequency_penalty ?? 0,
  instructions: request.instructions ?? null,
  max_output_tokens: request.max_output_tokens ?? null,
  max_tool_calls: request.max_tool_calls ?? null,
  metadata: request.metadata ?? {},
  parallel_tool_calls: request.parallel_tool_calls ?? true,
  presence_penalty: request.presence_penalty ?? 0,
  previous_response_id: request.previous_response_id ?? null,
  prompt_cache_key: request.prompt_cache_key ?? null,
  reasoning: reasoningOf(request),
  safety_identifier: request.safety_identifier ?? null,
  store: stored,
  temperature: request.temperature ?? 1,
  text: { format: formatOf(request), ...(request.text?.verbosity ? { verbosity: request.text.verbosity } : {}) },
  tool_choice: (request.tool_choice ?? 'auto') as Response['tool_choice'],
  tools: toolsOf(body),
  top_logprobs: request.top_logprobs ?? 0,
  top_p: request.top_p ?? 1,
  truncation: request.truncation ?? 'disabled',
  ...(typeof request.user === 'string' ? { user: request.user } : {}),
});

const reasoningOf = ({ reasoning }: ResponsesRequest): NonNullable<Response['reasoning']> => {
  const summary = summaryOf(reasoning);
  return { effort: reasoning?.effort ?? null, summary: summary === 'none' ? null : summary };
};

type Format = NonNullable<NonNullable<Response['text']>['format']>;

const formatOf = ({ text }: ResponsesRequest): Format => {
  const format = text?.format ?? { type: 'text' };
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, description, schema, strict } = format;
  // The Open Responses schema requires members that OpenAI omits.
  return {
    type: 'json_schema',
    name,
    description: description ?? null,
    schema: schema ?? {},
    strict: strict ?? null,
  } as Format;
};

const toolsOf = (body: unknown): Response['tools'] => {
  const tools: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'tools') : undefined;
  return (Array.isArray(tools) ? tools : []).map((tool: Response['tools'][number]) =>
    tool.type === 'function'
      ? {
          ...tool,
          description: tool.description ?? null,
          parameters: tool.parameters ?? null,
          strict: tool.strict ?? null,
        }
      : tool,
  );
};
