/** Every dialect this server speaks. Nothing here needs Node: the Worker imports it too. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { openAiChat } from './openai-chat/index.ts';
import { openAiCompletions } from './openai-completions/index.ts';

export { anthropicMessages, openAiChat, openAiCompletions };

/** The first is the one of requests that show no other. */
export const dialects: readonly Dialect[] = [openAiChat, openAiCompletions, anthropicMessages];

/** The dialect of that name; the first one for a name of another version of this server. */
export const dialectNamed = (name: string): Dialect => dialects.find((dialect) => dialect.name === name) ?? openAiChat;
