/** Tool ids of other providers in a history: the API takes `[a-zA-Z0-9_-]` only. */
import type { Message } from '../../turn/turn.ts';
import { nativeToolId } from '../tool-ids.ts';

/** The same messages, copied only where an id had to be mapped. */
export const withNativeToolIds = (messages: readonly Message[]): Message[] => messages.map((message) => mapped(message));

const mapped = (message: Message): Message => {
  if (message.role === 'system' || typeof message.content === 'string') return message;
  const content = message.content.map((block) => {
    if (block.type === 'tool_use') return block.id === nativeToolId(block.id) ? block : { ...block, id: nativeToolId(block.id) };
    if (block.type !== 'tool_result') return block;
    const tool_use_id = nativeToolId(block.tool_use_id);
    return tool_use_id === block.tool_use_id ? block : { ...block, tool_use_id };
  });
  return content.every((block, index) => block === message.content[index]) ? message : { ...message, content };
};
