/**
 * Counts a request through the CLI, which asks the API's own count_tokens with any login. The CLI counts
 * the system prompt, the tools and the messages apart, so the sum can exceed the API's by a few tokens of framing.
 */
import { isClientTool, type Tool } from '../../turn/turn.ts';
import type { Conversation } from './choose-session.ts';
import type { CliProcess } from './cli-process.ts';
import type { LiveSettings } from './settings.ts';

export const countTokensOn = async (
  process: CliProcess,
  conversation: Conversation,
  { settings, tools }: { settings: LiveSettings; tools: readonly Tool[] },
): Promise<number> => {
  await process.configure({ ...settings, toolNames: [] }, false);
  const definitions = tools.filter(isClientTool);
  if (definitions.length > 0) await process.offer('counted', definitions);
  await process.append([...conversation.history, conversation.turn]);
  const { categories } = await process.contextUsage();
  return categories.filter(({ kind }) => kind === 'used').reduce((sum, { tokens }) => sum + tokens, 0);
};
