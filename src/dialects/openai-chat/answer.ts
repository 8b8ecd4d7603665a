import type { ToolOrigin } from '../openai-responses/tools/tool-names.ts';

/** What the renderer must know of the request. */
export interface ChatAnswer {
  readonly includeUsage: boolean;
  /** The request used `functions`: the answer says `function_call`. */
  readonly legacyFunctions: boolean;
  /** The whole answer must be JSON: the API enforces a schema. */
  readonly json: boolean;
  readonly reasoning: boolean;
  /** Unix seconds. */
  readonly created: number;
  /** The caller's name of a tool that was offered under this name. */
  readonly origin: (name: string) => ToolOrigin;
}
