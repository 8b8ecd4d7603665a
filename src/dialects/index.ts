/** Every dialect this server speaks. Nothing here needs Node: the Worker imports it too. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { openAiChat } from './openai-chat/index.ts';
import { openAiCompletions } from './openai-completions/index.ts';

export { anthropicMessages, openAiChat, openAiCompletions };

export const dialects: Readonly<Record<Dialect['name'], Dialect>> = {
  'openai-chat': openAiChat,
  'openai-completions': openAiCompletions,
  'anthropic-messages': anthropicMessages,
};
