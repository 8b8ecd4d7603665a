/** `tools`, `tool_choice`, `parallel_tool_calls` and the legacy `functions` to the tools of the Messages API. */
import type Anthropic from '@anthropic-ai/sdk';
import { invalid } from '../validate.ts';
import { functionTools, toolChoice, type FunctionDefinition } from '../openai/tools.ts';
import type { Report } from '../parameters.ts';
import { offeredTool } from './offered-tools.ts';
import { webSearchTool } from './web-search.ts';
import type { ChatRequest } from './wire.ts';

export interface Tools {
  readonly tools?: Anthropic.ToolUnion[];
  readonly tool_choice?: Anthropic.ToolChoice;
}

export const parseTools = (body: ChatRequest, report: Report): Tools => {
  const definitions = definitionsOf(body, report);
  const hosted = webSearchTool(body, { taken: (name) => definitions.some((one) => one.name === name) }, report);
  const { choice, only } = choiceOf(body);
  const named = choice.type === 'tool' ? [choice.name, ...only] : only;
  const missing = named.find((name) => !definitions.some((one) => one.name === name));
  if (missing !== undefined)
    throw invalid('openai', ['tool_choice'], `'${missing}' is not among the tools of this request.`);
  if (definitions.length === 0) {
    if (choice.type === 'any')
      throw invalid('openai', ['tool_choice'], "'required' is only allowed when 'tools' are given.");
    return hosted.length === 0 ? {} : { tools: [...hosted], ...toolChoice(choice, { oneAtATime: oneAtATime(body) }) };
  }
  const offered = only.length === 0 ? definitions : definitions.filter(({ name }) => only.includes(name));
  return {
    tools: [...functionTools(offered, () => report.ignore('tools[].function.strict')), ...hosted],
    ...toolChoice(choice, { oneAtATime: oneAtATime(body) }),
  };
};

/**
 * The functions of the request. Tools of other types are left out and reported as ignored, because they may never be
 * needed.
 */
const definitionsOf = (body: ChatRequest, report: Report): readonly FunctionDefinition[] => {
  const tools = (body.tools ?? []).flatMap((tool, index) => {
    const offered = offeredTool(tool);
    if (offered?.kind === 'custom') report.emulate('tools[].custom');
    if (offered === undefined) report.ignore(`tools[${index}]`);
    return offered === undefined ? [] : [offered.definition];
  });
  return [...tools, ...(body.functions ?? [])];
};

interface Choice {
  readonly choice: Anthropic.ToolChoice;
  /** The tools that may be called (`allowed_tools`); empty: all of them. */
  readonly only: readonly string[];
}

const choiceOf = ({ tool_choice: choice, function_call: legacy }: ChatRequest): Choice => {
  if (choice === null || choice === undefined) return legacyChoice(legacy);
  if (typeof choice === 'string') return { choice: { type: choice === 'required' ? 'any' : choice }, only: [] };
  switch (choice.type) {
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools;
      return { choice: { type: mode === 'required' ? 'any' : 'auto' }, only: tools.map((tool) => nameOf(tool)) };
    }
    case 'function':
    case 'custom':
      return { choice: { type: 'tool', name: nameOf(choice) }, only: [] };
    case 'tool':
      return { choice: { type: 'tool', name: choice.name }, only: [] };
    default:
      return { choice: { type: choice.type }, only: [] };
  }
};

type Named = Extract<ChatRequest['tool_choice'], { type: 'function' | 'custom' }>;

const nameOf = (named: Named): string => (named.type === 'function' ? named.function.name : named.custom.name);

const legacyChoice = (legacy: ChatRequest['function_call']): Choice => {
  if (legacy === null || legacy === undefined) return { choice: { type: 'auto' }, only: [] };
  if (typeof legacy === 'string') return { choice: { type: legacy }, only: [] };
  return { choice: { type: 'tool', name: legacy.name }, only: [] };
};

/** The parameter that forces the call. */
export const choiceParameter = ({ tool_choice: choice }: ChatRequest): 'tool_choice' | 'function_call' =>
  choice === null || choice === undefined ? 'function_call' : 'tool_choice';

/** The legacy form allows one call in an answer. */
const oneAtATime = (body: ChatRequest): boolean =>
  body.parallel_tool_calls === false || usesLegacyFunctions(body) || allowsOneCall(body.tool_choice);

/** Anthropic's form of the choice. */
const allowsOneCall = (choice: ChatRequest['tool_choice']): boolean =>
  typeof choice === 'object' && choice !== null && choice['disable_parallel_tool_use'] === true;

export const usesLegacyFunctions = (body: ChatRequest): boolean =>
  (body.functions ?? []).length > 0 && (body.tools ?? []).length === 0;
