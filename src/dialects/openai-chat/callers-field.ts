/** Places of a turn's request as fields of the Chat Completions request that it was made of. */
import type { TurnRequest } from '../../turn/turn.ts';
import type { CallersField, Places } from '../callers-field.ts';
import type { Conversation } from '../openai/conversation.ts';
import type { Path } from '../validate.ts';
import type { ChatRequest } from './wire.ts';

/** The conversation once more, as it was parsed for the request, and where each of its blocks was written. */
export interface Retraced {
  readonly conversation: Conversation;
  readonly places: Places;
}

export const callersField =
  (chat: ChatRequest, request: TurnRequest, retrace: () => Retraced): CallersField =>
  ([head = '', ...rest]) => {
    if (head === 'messages') return inMessages(retrace(), rest) ?? ['messages'];
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

/** `2.content.0.image.source.base64`: the API puts the type of a block behind its index. */
const inMessages = ({ conversation, places }: Retraced, [index, ...rest]: readonly string[]): Path | undefined => {
  const message = conversation.messages[Number(index)];
  if (message === undefined) return undefined;
  const content = blocksOf(message.content);
  const at = rest[0] === 'content' ? Number(rest[1]) : Number.NaN;
  if (Number.isNaN(at)) return whereWritten(content[0], places)?.slice(0, 2);
  return inBlock(content[at], rest.slice(2), places);
};

const inSystem = ({ conversation, places }: Retraced, [index]: readonly string[]): Path | undefined =>
  whereWritten(conversation.system[Number(index)], places);

const whereWritten = (block: object | undefined, places: Places): Path | undefined =>
  block === undefined ? undefined : places.get(block);

interface Block {
  readonly type: string;
  readonly content?: unknown;
}

const inBlock = (block: Block | undefined, [type, ...others]: readonly string[], places: Places): Path | undefined => {
  const place = whereWritten(block, places);
  if (block === undefined || place === undefined) return undefined;
  const rest = type === block.type || type === undefined ? others : [type, ...others];
  if (block.type === 'tool_result' && rest[0] === 'content')
    return inBlock(blocksOf(block.content)[Number(rest[1])], rest.slice(2), places) ?? [...place, 'content'];
  const tail = FIELDS[block.type]?.[rest[0] ?? ''] ?? [];
  return [...place, ...(place.at(-1) === 'function_call' ? tail.slice(-1) : tail)];
};

const FIELDS: Readonly<Record<string, Readonly<Record<string, Path>>>> = {
  image: { source: ['image_url', 'url'] },
  document: { source: ['file', 'file_data'], title: ['file', 'filename'] },
  tool_use: { id: ['id'], name: ['function', 'name'], input: ['function', 'arguments'] },
};

const blocksOf = (content: unknown): readonly Block[] => (Array.isArray(content) ? (content as readonly Block[]) : []);
