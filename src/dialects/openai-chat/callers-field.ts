/** Maps paths in a turn's request to fields of the Chat Completions request that it was made from. */
import type { TurnRequest } from '../../turn/turn.ts';
import type { CallersField } from '../callers-field.ts';
import { inMessages, inSystem, type FieldsOf, type Retraced } from '../openai/retrace.ts';
import type { Path } from '../validate.ts';
import { fieldOfTool, offeredTool, TOOL_FIELDS } from './offered-tools.ts';
import type { ChatRequest } from './wire.ts';

export const callersField =
  (chat: ChatRequest, request: TurnRequest, retrace: () => Retraced): CallersField =>
  ([head = '', ...rest]) => {
    if (head === 'messages') return inMessages(retrace(), rest, fieldsIn(chat)) ?? ['messages'];
    if (head === 'system') return inSystem(retrace(), rest) ?? ['messages'];
    if (head === 'tools') return inTools(chat, request, rest);
    if (head === 'output_config' && rest[0] === 'format') return inFormat(chat);
    if (head === 'max_tokens')
      return [typeof chat.max_completion_tokens === 'number' ? 'max_completion_tokens' : 'max_tokens'];
    if (head === 'thinking' || head === 'output_config')
      return [chat.reasoning === null || chat.reasoning === undefined ? 'reasoning_effort' : 'reasoning'];
    if (head === 'metadata') return [typeof chat.safety_identifier === 'string' ? 'safety_identifier' : 'user'];
    return head in chat ? [head] : NAMES[head];
  };

const NAMES: Readonly<Record<string, Path>> = { stop_sequences: ['stop'] };

const inFormat = ({ response_format: format }: ChatRequest): Path =>
  format?.type === 'json_schema' ? ['response_format', 'json_schema', 'schema'] : ['response_format', 'schema'];

const inTools = (chat: ChatRequest, request: TurnRequest, [index, ...rest]: readonly string[]): Path => {
  const offered = request.tools?.[Number(index)];
  const name = offered !== undefined && 'name' in offered ? offered.name : undefined;
  const member = rest.find((step) => step in TOOL_FIELDS);
  const position = (chat.tools ?? []).findIndex((tool) => offeredTool(tool)?.definition.name === name);
  const tool = chat.tools?.[position];
  if (tool !== undefined) {
    const head = fieldOfTool(tool, 'name').slice(0, -1);
    return ['tools', position, ...(member === undefined ? head : fieldOfTool(tool, member))];
  }
  const legacy = (chat.functions ?? []).findIndex((one) => one.name === name);
  const tail = member === undefined ? undefined : TOOL_FIELDS[member];
  return legacy === -1 ? ['tools'] : ['functions', legacy, ...(tail === undefined ? [] : [tail])];
};

/** Blocks and items of other APIs name the same members differently. */
const fieldsIn =
  (chat: ChatRequest): FieldsOf =>
  (type, member, writtenAt) => {
    const written = valueAt(chat, writtenAt) as { readonly type?: unknown } | null | undefined;
    if (member === '' || member === undefined) return [];
    if (written?.type === type && NATIVE.has(type)) return [member];
    const other = typeof written?.type === 'string' ? OTHER_SHAPES[written.type]?.[member] : undefined;
    if (other !== undefined) return other;
    const tail = FIELDS[type]?.[member] ?? [];
    return writtenAt.at(-1) === 'function_call' ? tail.slice(-1) : tail;
  };

const valueAt = (chat: ChatRequest, writtenAt: Path): unknown =>
  writtenAt.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    chat,
  );

const NATIVE: ReadonlySet<string> = new Set(['image', 'tool_use', 'tool_result']);

const OTHER_SHAPES: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  input_image: { source: ['image_url'] },
  function_call: { id: ['call_id'], name: ['name'], input: ['arguments'] },
  custom_tool_call: { id: ['call_id'], name: ['name'], input: ['input'] },
  function_call_output: { content: ['output'] },
  custom_tool_call_output: { content: ['output'] },
  custom: { id: ['id'], name: ['custom', 'name'], input: ['custom', 'input'] },
};

const FIELDS: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  image: { source: ['image_url', 'url'] },
  document: { source: ['file', 'file_data'], title: ['file', 'filename'] },
  tool_result: { content: ['content'] },
  tool_use: { id: ['id'], name: ['function', 'name'], input: ['function', 'arguments'] },
};
