/** `tools`, `tool_choice`, `parallel_tool_calls` and the legacy `functions` to the tools of the Messages API. */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities } from '../../models/model.ts';
import { TurnError } from '../../turn/errors.ts';
import { invalid } from '../validate.ts';
import { asEnforced } from '../structured-output.ts';
import type { Report } from '../parameters.ts';
import type { ChatRequest, FunctionDefinition } from './wire.ts';

export interface Tools {
  readonly tools?: Anthropic.Tool[];
  readonly tool_choice?: Anthropic.ToolChoice;
}

/** The API takes at most this many strict tools in a request. */
const MAX_STRICT_TOOLS = 20;

export const parseTools = (body: ChatRequest, abilities: Abilities, report: Report): Tools => {
  const definitions = definitionsOf(body);
  const { choice, only } = choiceOf(body);
  const named = choice.type === 'tool' ? [choice.name, ...only] : only;
  const missing = named.find((name) => !definitions.some((one) => one.name === name));
  if (missing !== undefined)
    throw invalid('openai', ['tool_choice'], `'${missing}' is not among the tools of this request.`);
  if (definitions.length === 0) {
    if (choice.type === 'any')
      throw invalid('openai', ['tool_choice'], "'required' is only allowed when 'tools' are given.");
    return {};
  }
  const offered = only.length === 0 ? definitions : definitions.filter(({ name }) => only.includes(name));
  const tools = offered.map((definition) => toolOf(definition));
  return {
    tools: withStrict({ tools, definitions: offered, report }),
    ...toolChoice(possible(choice, { body, abilities, report }), oneAtATime(body)),
  };
};

const definitionsOf = (body: ChatRequest): readonly FunctionDefinition[] => {
  const tools = (body.tools ?? []).map((tool, index) => {
    if (tool.type === 'function') return tool.function;
    const param = `tools[${index}].type`;
    throw new TurnError(
      'unsupported_parameter',
      `Unsupported value for '${param}': this server takes tools of type 'function'.`,
      { param },
    );
  });
  return [...tools, ...(body.functions ?? [])];
};

const toolOf = ({ name, description, parameters }: FunctionDefinition): Anthropic.Tool => ({
  name,
  ...(description === null || description === undefined ? {} : { description }),
  input_schema: { type: 'object', ...(parameters ?? { properties: {} }) },
});

/** `strict` holds only for schemas that the API can enforce; for the others the tool is offered without it. */
const withStrict = ({
  tools,
  definitions,
  report,
}: {
  tools: Anthropic.Tool[];
  definitions: readonly FunctionDefinition[];
  report: Report;
}): Anthropic.Tool[] => {
  let strict = 0;
  return tools.map((tool, index) => {
    if (definitions[index]?.strict !== true) return tool;
    const enforced = strict < MAX_STRICT_TOOLS ? asEnforced(tool.input_schema) : undefined;
    if (enforced === undefined) {
      report.ignore('tools[].function.strict');
      return tool;
    }
    strict += 1;
    return { ...tool, input_schema: { ...enforced, type: 'object' }, strict: true };
  });
};

interface Choice {
  readonly choice: Anthropic.ToolChoice;
  /** The tools that may be called at all (`allowed_tools`); empty: every one. */
  readonly only: readonly string[];
}

const choiceOf = ({ tool_choice: choice, function_call: legacy }: ChatRequest): Choice => {
  if (choice === null || choice === undefined) return legacyChoice(legacy);
  if (typeof choice === 'string') return { choice: { type: choice === 'required' ? 'any' : choice }, only: [] };
  if (choice.type === 'function') return { choice: { type: 'tool', name: choice.function.name }, only: [] };
  if (choice.type === 'allowed_tools') {
    const { mode, tools } = choice.allowed_tools;
    return { choice: { type: mode === 'required' ? 'any' : 'auto' }, only: tools.map((tool) => tool.function.name) };
  }
  throw new TurnError(
    'unsupported_parameter',
    "Unsupported value for 'tool_choice': this server takes tools of type 'function'.",
    { param: 'tool_choice' },
  );
};

const legacyChoice = (legacy: ChatRequest['function_call']): Choice => {
  if (legacy === null || legacy === undefined) return { choice: { type: 'auto' }, only: [] };
  if (typeof legacy === 'string') return { choice: { type: legacy }, only: [] };
  return { choice: { type: 'tool', name: legacy.name }, only: [] };
};

/** Newer models refuse to be told that they must call a tool; they may then call one or not, and the caller is told. */
const possible = (
  choice: Anthropic.ToolChoice,
  { body, abilities, report }: { body: ChatRequest; abilities: Abilities; report: Report },
): Anthropic.ToolChoice => {
  if (abilities.forcedTools !== false || (choice.type !== 'any' && choice.type !== 'tool')) return choice;
  report.ignore(body.tool_choice === null || body.tool_choice === undefined ? 'function_call' : 'tool_choice');
  return { type: 'auto' };
};

/** The legacy form has room for one call in an answer. */
const oneAtATime = (body: ChatRequest): boolean => body.parallel_tool_calls === false || usesLegacyFunctions(body);

export const usesLegacyFunctions = (body: ChatRequest): boolean =>
  (body.functions ?? []).length > 0 && (body.tools ?? []).length === 0;

const toolChoice = (choice: Anthropic.ToolChoice, disable: boolean): { tool_choice?: Anthropic.ToolChoice } => {
  if (choice.type === 'none') return { tool_choice: choice };
  if (disable) return { tool_choice: { ...choice, disable_parallel_tool_use: true } };
  return choice.type === 'auto' ? {} : { tool_choice: choice };
};
