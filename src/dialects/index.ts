/** Every dialect this server speaks. Nothing here needs Node: the Worker imports it too. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { ollamaChat, ollamaGenerate } from './ollama/index.ts';
import { openAiChat } from './openai-chat/index.ts';
import { openAiCompletions } from './openai-completions/index.ts';
import { openAiCompaction, openAiResponses } from './openai-responses/index.ts';

export { anthropicMessages, openAiChat, openAiCompletions };

/** The first one is used for requests that belong to no other. */
export const dialects: readonly Dialect[] = [
  openAiChat,
  openAiCompletions,
  openAiResponses,
  openAiCompaction,
  anthropicMessages,
  ollamaChat,
  ollamaGenerate,
];

/** The dialect of that name; the default one for a name that only another version of this server knows. */
export const dialectNamed = (name: string, among: readonly Dialect[] = dialects): Dialect =>
  among.find((dialect) => dialect.name === name) ?? openAiChat;
