/**
 * Newer models cannot be forced to call a tool. The call is then requested as structured output with the tool's schema,
 * and `withForcedCall` turns the answer back into a call.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { Abilities } from '../models/model.ts';
import { isClientTool, type Message, type TurnRequest } from '../turn/turn.ts';
import type { ForcedCall } from '../turn/with-forced-call.ts';
import type { ParameterCase, Report } from './parameters.ts';
import { forStructuredOutput, SchemaRefused, type Schema } from './structured-output.ts';

export interface ForcedTurn {
  readonly request: TurnRequest;
  readonly forcedCall?: ForcedCall;
}

export interface ForcedReport {
  /** The caller's parameter that forces the call. It is reported as ignored where the schema cannot be enforced. */
  readonly parameter: string;
  readonly report: Pick<Report, 'emulate' | 'ignore'>;
}

/** Whether the API's own `tool_choice` forces the call: the API does not let models think then. */
export const isForced = (
  choice: Anthropic.ToolChoice | undefined,
  { forcedTools }: Pick<Abilities, 'forcedTools'>,
): boolean => forcedTools !== false && mustCall(choice);

const mustCall = (
  choice: Anthropic.ToolChoice | undefined,
): choice is Anthropic.ToolChoiceAny | Anthropic.ToolChoiceTool => choice?.type === 'any' || choice?.type === 'tool';

/** Returns the request unchanged where the model can be forced, or nothing is forced. */
export const emulateForcedCall = (
  request: TurnRequest,
  { forcedTools }: Pick<Abilities, 'forcedTools'>,
  { parameter, report }: ForcedReport,
): ForcedTurn => {
  const { tool_choice: choice, stop_sequences: _stops, ...rest } = request;
  if (forcedTools !== false || !mustCall(choice)) return { request };
  const possible = (request.tools ?? []).filter(
    (tool) => choice.type === 'any' || ('name' in tool && tool.name === choice.name),
  );
  // The API has its own error for a tool that does not exist.
  if (possible.length === 0) return { request };
  const format = citationsWanted(request.messages) ? undefined : formatFor(possible.filter(isClientTool));
  if (format === undefined) {
    report.ignore(parameter);
    return { request: withoutForce(request, choice) };
  }
  report.emulate(parameter);
  const { schema, tool } = format;
  return {
    request: {
      ...rest,
      // The tools stay, because calls in the history refer to them; only the format decides what can be written now.
      // Strict tools would count towards the limits of what the API compiles.
      tools: (request.tools ?? []).map((each) => withoutStrict(each)),
      tool_choice: { type: 'none' },
      output_config: { ...request.output_config, format: { type: 'json_schema', schema } },
    },
    forcedCall: tool === undefined ? {} : { tool },
  };
};

const withoutForce = (
  request: TurnRequest,
  choice: Anthropic.ToolChoiceAny | Anthropic.ToolChoiceTool,
): TurnRequest => {
  const { tool_choice: _, ...rest } = request;
  const { disable_parallel_tool_use: single } = choice;
  return single === undefined ? rest : { ...rest, tool_choice: { type: 'auto', disable_parallel_tool_use: single } };
};

const withoutStrict = <Tool extends object>(tool: Tool): Tool => {
  if (!('strict' in tool)) return tool;
  const { strict: _, ...rest } = tool;
  return rest as Tool;
};

/** The API refuses structured output together with citations. */
const citationsWanted = (messages: readonly Message[]): boolean =>
  messages.some(({ content }) => Array.isArray(content) && content.some((block) => cites(block)));

const cites = (block: object): boolean => {
  const { citations, content } = block as { citations?: { enabled?: unknown } | null; content?: unknown };
  return citations?.enabled === true || (Array.isArray(content) && content.some((inner: object) => cites(inner)));
};

interface CallFormat {
  readonly schema: Record<string, unknown>;
  /** Absent where the JSON names the tool. */
  readonly tool?: string;
}

/** Undefined where the API cannot enforce it. */
const formatFor = (tools: readonly Anthropic.Tool[]): CallFormat | undefined => {
  const [only, ...others] = tools;
  if (only === undefined) return undefined;
  try {
    if (others.length > 0) return within({ schema: forStructuredOutput(choiceSchema(tools)).schema });
    return within({ schema: forStructuredOutput(argumentsSchema(only)).schema, tool: only.name });
  } catch (error) {
    if (error instanceof SchemaRefused) return undefined;
    throw error;
  }
};

/** The model learns from the description which tool it is writing a call for. */
const argumentsSchema = ({ name, description, input_schema: schema }: Anthropic.Tool): Schema => {
  const open = Object.keys(schema.properties ?? {}).length === 0 && !('additionalProperties' in schema);
  const texts = [`The arguments of a call of the tool ${name}.`, description, (schema as Schema)['description']];
  return {
    ...schema,
    ...(open && { properties: {}, additionalProperties: false }),
    description: texts.filter((text) => typeof text === 'string' && text !== '').join('\n\n'),
  };
};

/** One schema object for any of the tools: it ties a tool's name to the arguments of that tool. */
const choiceSchema = (tools: readonly Anthropic.Tool[]): Schema => {
  const calls = tools.map((tool, index) => {
    const { schema, definitions } = withOwnDefinitions(argumentsSchema(tool), `tool${index}_`);
    const call = {
      type: 'object',
      properties: { tool: { type: 'string', const: tool.name }, arguments: schema },
      required: ['tool', 'arguments'],
      additionalProperties: false,
    };
    return { call, definitions };
  });
  const definitions = Object.assign({}, ...calls.map((each) => each.definitions)) as Record<string, unknown>;
  return {
    type: 'object',
    properties: { call: { anyOf: calls.map(({ call }) => call) } },
    required: ['call'],
    additionalProperties: false,
    ...(Object.keys(definitions).length > 0 && { $defs: definitions }),
  };
};

const DEFINITION = /^#\/(?:\$defs|definitions)\//u;

/** Several schemas become one, so the definitions of each go to the common root, under names of their own. */
const withOwnDefinitions = (
  schema: Schema,
  prefix: string,
): { readonly schema: unknown; readonly definitions: Record<string, unknown> } => {
  const { $defs = {}, definitions = {}, ...rest } = schema;
  const moved = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map((each) => moved(each));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]: [string, unknown]) =>
        key === '$ref' && typeof value === 'string' ? [key, movedRef(value, prefix)] : [key, moved(value)],
      ),
    );
  };
  const own = Object.entries({ ...(definitions as Schema), ...($defs as Schema) });
  return {
    schema: moved(rest),
    definitions: Object.fromEntries(own.map(([name, definition]) => [`${prefix}${name}`, moved(definition)])),
  };
};

const movedRef = (ref: string, prefix: string): string => {
  if (!DEFINITION.test(ref)) throw new SchemaRefused([], 'only references to definitions can be moved.');
  return ref.replace(DEFINITION, `#/$defs/${prefix}`);
};

/** What the API compiles at most; beyond it a request is a 400. */
const MOST_OPTIONAL = 24;
const MOST_UNIONS = 16;

const within = (format: CallFormat): CallFormat | undefined => {
  const { optional, unions } = complexity(format.schema);
  return optional > MOST_OPTIONAL || unions > MOST_UNIONS ? undefined : format;
};

const complexity = (node: unknown): { readonly optional: number; readonly unions: number } => {
  if (typeof node !== 'object' || node === null) return { optional: 0, unions: 0 };
  const { properties, required, type, anyOf } = node as Record<string, unknown>;
  const isSchema = !Array.isArray(node);
  const named = isSchema && typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const needed = new Set(Array.isArray(required) ? (required as readonly unknown[]) : []);
  const inner = Object.values(node).map((each) => complexity(each));
  return {
    optional: inner.reduce((sum, each) => sum + each.optional, named.filter((name) => !needed.has(name)).length),
    unions: inner.reduce(
      (sum, each) => sum + each.unions,
      isSchema && (Array.isArray(type) || Array.isArray(anyOf)) ? 1 : 0,
    ),
  };
};

/** What becomes of a forced call, for the parameter tables. */
export const FORCED_CASES: readonly ParameterCase[] = [
  {
    fate: 'emulated',
    when:
      'the model cannot be forced to call a tool (Opus and Sonnet from 5.5, Fable): the call is asked ' +
      'for as structured output ' +
      'with the schema of the tool, or of all that may be called, and returned as one call; stop sequences do not ' +
      'apply to it',
  },
  {
    fate: 'ignored',
    when:
      'such a model, where the API cannot enforce the schema (recursive, free property names, over 24 optional ' +
      'properties or 16 unions), ' +
      'the messages ask for citations, or the tool runs at the API: `auto` is sent, and it may answer in text',
  },
];
