/** Places of a turn's request as fields of the Chat Completions request that it was made of. */
import type { TurnRequest } from '../../turn/turn.ts';
import type { CallersField } from '../callers-field.ts';
import { inMessages, inSystem, type FieldsOf, type Retraced } from '../openai/retrace.ts';
import type { Path } from '../validate.ts';
import type { ChatRequest } from './wire.ts';

export const callersField =
  (chat: ChatRequest, request: TurnRequest, retrace: () => Retraced): CallersField =>
  ([head = '', ...rest]) => {
    if (head === 'messages') return inMessages(retrace(), rest, fieldsOf) ?? ['messages'];
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
  const field = rest.flatMap((step) => TOOL_FIELDS[step] ?? [])[0];
  const tail = field === undefined ? [] : [field];
  const place = (chat.tools ?? []).findIndex((tool) => tool.function?.name === name);
  if (place !== -1) return ['tools', place, 'function', ...tail];
  const legacy = (chat.functions ?? []).findIndex((one) => one.name === name);
  return legacy === -1 ? ['tools'] : ['functions', legacy, ...tail];
};

const TOOL_FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  description: 'description',
  input_schema: 'parameters',
};

const fieldsOf: FieldsOf = (type, member, place) => {
  const tail = FIELDS[type]?.[member] ?? [];
  return place.at(-1) === 'function_call' ? tail.slice(-1) : tail;
};

const FIELDS: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  image: { source: ['image_url', 'url'] },
  document: { source: ['file', 'file_data'], title: ['file', 'filename'] },
  tool_result: { content: ['content'] },
  tool_use: { id: ['id'], name: ['function', 'name'], input: ['function', 'arguments'] },
};
