/**
 * Counts a request through the CLI, which asks the API's own count_tokens with any login. The CLI counts
 * the system prompt, the tools and the messages apart, so the sum can exceed the API's by a few tokens of framing.
 */
import { randomBytes } from 'node:crypto';
import { TurnError } from '../../../turn/errors.ts';
import { isClientTool, type Tool } from '../../../turn/turn.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Exchange } from '../conversation/exchanges.ts';
import type { HeldProcess } from './held-process.ts';
import type { OnProcess } from './preparation.ts';
import type { TurnSettings } from './control/turn-settings.ts';

export interface Counted {
  readonly conversation: Conversation;
  readonly plan: OnProcess;
  readonly settings: TurnSettings;
  readonly tools: readonly Tool[];
}

type Categories = Awaited<ReturnType<HeldProcess['cli']['contextUsage']>>['categories'];

/**
 * The conversation is appended, counted and cut off again. Throws where the API did not count: `upstream_unreachable`
 * where it counts nothing, `invalid_request` where it counts system prompt or tools, so refuses the messages.
 */
export const countTokensOn = async (process: HeldProcess, counted: Counted): Promise<number> => {
  const { conversation, plan, settings, tools } = counted;
  await process.prepare(plan, { conversation, settings });
  const definitions = tools.filter(isClientTool);
  if (definitions.length > 0) await process.cli.offer(definitions);
  await process.append(conversation.turn, conversation);
  const { categories } = await process.cli.contextUsage('full');
  const summary = (await process.cli.contextUsage('summary')).categories;
  const estimated = sameMessages(categories, summary) && (await isEstimated(process, conversation));
  await process.cutTo(0, 'spent');
  if (estimated) throw countsOthers(categories, summary) ? notTaken() : notCounted();
  return (
    categories
      // Tools of earlier turns are not part of this request.
      .filter(({ kind, id }) => kind === 'used' && (id !== 'mcp_tools' || definitions.length > 0))
      .reduce((sum, { tokens }) => sum + tokens, 0)
  );
};

const notCounted = (): TurnError =>
  new TurnError('upstream_unreachable', 'The API did not count the tokens; Claude Code could only estimate them.');

const notTaken = (): TurnError =>
  new TurnError(
    'invalid_request',
    'The API does not count the tokens of this request, though it counts others. Claude Code does not pass its ' +
      'reason on; sent as a message, the request gets it.',
  );

/** Where the API does not count, the CLI returns its own estimate, that of `summary`, without saying so. */
const sameMessages = (counted: Categories, summary: Categories): boolean =>
  messageTokens(counted) === messageTokens(summary);

/** The two may agree by chance, but not with a second text at the end that the estimate counts far too low. */
const isEstimated = async (process: HeldProcess, conversation: Conversation): Promise<boolean> => {
  const random: Exchange = { role: 'user', content: [{ type: 'text', text: randomBytes(300).toString('base64') }] };
  await process.append(random, conversation);
  const { categories } = await process.cli.contextUsage('full');
  return sameMessages(categories, (await process.cli.contextUsage('summary')).categories);
};

/** System prompt and tools are asked for apart: where the API counted them, it can be reached. */
const countsOthers = (counted: Categories, summary: Categories): boolean =>
  counted.some(
    ({ id, kind, tokens }) =>
      kind === 'used' && id !== 'messages' && tokens !== summary.find((estimate) => estimate.id === id)?.tokens,
  );

const messageTokens = (categories: Categories): number | undefined =>
  categories.find(({ id }) => id === 'messages')?.tokens;
