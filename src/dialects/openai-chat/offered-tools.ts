/** Tools in each of the shapes that clients send, as functions of the Messages API. */
import { customAsFunction } from '../openai/custom-tools.ts';
import type { FunctionDefinition } from '../openai/tools.ts';
import type { Path } from '../validate.ts';
import type { ChatRequest, ChatTool } from './wire.ts';

export interface OfferedTool {
  readonly kind: 'function' | 'custom';
  readonly definition: FunctionDefinition;
}

/** The tool as a function; undefined for a tool that runs elsewhere. */
export const offeredTool = (tool: ChatTool): OfferedTool | undefined => {
  switch (tool.type) {
    case 'function':
      return { kind: 'function', definition: tool.function };
    case '~flat':
      return { kind: 'function', definition: tool };
    case '~bare':
      return { kind: 'function', definition: { ...tool, parameters: tool.input_schema } };
    case 'custom':
      return { kind: 'custom', definition: customAsFunction(flattened(tool.custom), tool.custom.name) };
    case '~custom':
      return { kind: 'custom', definition: customAsFunction(tool, tool.name) };
    case '~other':
      return undefined;
    default:
      return tool satisfies never;
  }
};

type CustomTool = Extract<ChatTool, { type: 'custom' }>['custom'];

/** Chat Completions has the grammar one level deeper than the Responses API. */
const flattened = ({ description, format }: CustomTool): Parameters<typeof customAsFunction>[0] => ({
  description,
  format: format?.type === 'grammar' ? { type: 'grammar', ...format.grammar } : format,
});

/** Whether a call of a tool takes raw text, by the tool's name. */
export const customNames = (tools: ChatRequest['tools']): ReadonlySet<string> =>
  new Set(
    (tools ?? []).flatMap((tool) => {
      const offered = offeredTool(tool);
      return offered?.kind === 'custom' ? [offered.definition.name] : [];
    }),
  );

/** The caller's path of a member of a tool. */
export const fieldOfTool = (tool: ChatTool, member: string): Path => {
  if (tool.type === '~bare') return [member];
  const tail = TOOL_FIELDS[member] ?? member;
  return tool.type === 'function' || tool.type === 'custom' ? [tool.type, tail] : [tail];
};

export const TOOL_FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  description: 'description',
  input_schema: 'parameters',
};
