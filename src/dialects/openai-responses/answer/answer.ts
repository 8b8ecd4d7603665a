/** What the renderer must know of a Responses request. */
import type { Response } from 'openai/resources/responses/responses';
import type { TextCipher } from '../../../util/text-cipher.ts';
import type { ToolNames } from '../tools/tool-names.ts';

/** Members of a Response that repeat the request. */
export type Echo = Pick<
  Response,
  | 'background'
  | 'instructions'
  | 'max_output_tokens'
  | 'max_tool_calls'
  | 'metadata'
  | 'parallel_tool_calls'
  | 'previous_response_id'
  | 'prompt_cache_key'
  | 'reasoning'
  | 'safety_identifier'
  | 'temperature'
  | 'text'
  | 'tool_choice'
  | 'tools'
  | 'top_logprobs'
  | 'top_p'
  | 'truncation'
> & {
  readonly store: boolean;
  readonly user?: string;
  /** OpenAI removed them, but the Open Responses schema requires both. */
  readonly frequency_penalty: number;
  readonly presence_penalty: number;
};

export interface ResponsesAnswer {
  /** `resp_…`; the ids of its items are made of it. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly now: () => number;
  readonly model: string;
  readonly echo: Echo;
  /** The items of this request, with references resolved. */
  readonly input: readonly object[];
  readonly names: ToolNames;
  /** Encrypts values that the caller must send back; absent where this server has no key. */
  readonly cipher: TextCipher | undefined;
  /** `include`: encrypted reasoning, sources of searches. */
  readonly encrypted: boolean;
  readonly sources: boolean;
  /** Reasoning summaries are hidden, though the model may think. */
  readonly withoutSummary: boolean;
  /** The answer is a summary of the conversation, for the caller to keep in its place. */
  readonly compacts: boolean;
  /** The whole answer must be JSON: the API enforces a schema. */
  readonly json: boolean;
}

const PREFIXES = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  web_search_call: 'ws',
  code_interpreter_call: 'ci',
  compaction: 'cmp',
} as const;

/** An item's id encodes its response and its index there. */
export const itemId = (type: keyof typeof PREFIXES, responseId: string, index: number): string =>
  `${PREFIXES[type]}_${responseId.replace(/^resp_/u, '')}_${index}`;

export const ofItemId = (id: string): { readonly responseId: string; readonly index: number } | undefined => {
  const match = /^(?:msg|rs|fc|ctc|ws|ci|cmp)_([a-zA-Z0-9]+)_(\d{1,6})$/u.exec(id);
  return match === null ? undefined : { responseId: `resp_${match[1] ?? ''}`, index: Number(match[2]) };
};
