/**
 * Counts a request through the CLI, which asks the API's own count_tokens with any login. The CLI counts
 * the system prompt, the tools and the messages apart, so the sum can exceed the API's by a few tokens of framing.
 */
import { isClientTool, type Tool } from '../../../turn/turn.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { HeldProcess } from './held-process.ts';
import type { OnProcess } from './preparation.ts';
import type { TurnSettings } from './control/turn-settings.ts';

export interface Counted {
  readonly conversation: Conversation;
  readonly plan: OnProcess;
  readonly settings: TurnSettings;
  readonly tools: readonly Tool[];
}

/** The turn is appended, counted and cut off again: the process then holds the history. */
export const countTokensOn = async (process: HeldProcess, counted: Counted): Promise<number> => {
  const { conversation, plan, settings, tools } = counted;
  await process.prepare(plan, { conversation, settings });
  const definitions = tools.filter(isClientTool);
  if (definitions.length > 0) await process.cli.offer(definitions);
  const before = process.held.length;
  await process.append(conversation.turn, conversation);
  const { categories } = await process.cli.contextUsage();
  await process.cutTo(before, 'spent');
  return categories.filter(({ kind }) => kind === 'used').reduce((sum, { tokens }) => sum + tokens, 0);
};
