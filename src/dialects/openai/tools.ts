/** Converts function tools of OpenAI's APIs to tools of the Messages API. */
import type Anthropic from '@anthropic-ai/sdk';
import { asEnforced } from '../structured-output.ts';

export interface FunctionDefinition {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined;
  readonly strict?: boolean | null | undefined;
}

/** The API takes at most this many strict tools in a request. */
const MAX_STRICT_TOOLS = 20;

/**
 * `strict` works only for schemas that the API can enforce; other tools are offered without it, and `notStrict` is
 * called.
 */
export const functionTools = (definitions: readonly FunctionDefinition[], notStrict: () => void): Anthropic.Tool[] => {
  let strict = 0;
  return definitions.map((definition) => {
    const tool = toolOf(definition);
    if (definition.strict !== true) return tool;
    const enforced = strict < MAX_STRICT_TOOLS ? asEnforced(tool.input_schema) : undefined;
    if (enforced === undefined) {
      notStrict();
      return tool;
    }
    strict += 1;
    return { ...tool, input_schema: { ...enforced, type: 'object' }, strict: true };
  });
};

const toolOf = ({ name, description, parameters }: FunctionDefinition): Anthropic.Tool => ({
  name,
  ...(description === null || description === undefined ? {} : { description }),
  input_schema: { type: 'object', ...(parameters ?? { properties: {} }) },
});

/** `tool_choice` of the request; absent where the API's default is the same. */
export const toolChoice = (
  choice: Anthropic.ToolChoice,
  { oneAtATime }: { oneAtATime: boolean },
): { tool_choice?: Anthropic.ToolChoice } => {
  if (choice.type === 'none') return { tool_choice: choice };
  if (oneAtATime) return { tool_choice: { ...choice, disable_parallel_tool_use: true } };
  return choice.type === 'auto' ? {} : { tool_choice: choice };
};
