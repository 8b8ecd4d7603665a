/** A tool loop that is taken in from outside: the thinking before its calls may be missing. Pure. */
import type { TurnRequest } from '../../../turn/turn.ts';
import type { Conversation } from './conversation.ts';
import { isThinking } from './exchanges.ts';
import type { Plan } from './plan.ts';

/**
 * The request as it can be asked by this plan. Callers' APIs may not carry the thinking of an answer; inside a tool
 * loop that lacks it, a model with a thinking budget refuses to go on, unless thinking is off for the step.
 */
export const askableWith = (plan: Plan, request: TurnRequest, { history, turn }: Conversation): TurnRequest => {
  if (request.thinking?.type !== 'enabled' || plan.kind === 'answer') return request;
  const last = history.at(-1);
  const insideLoop = turn.content.some(({ type }) => type === 'tool_result') && last?.role === 'assistant';
  if (!insideLoop || last.content.some(isThinking)) return request;
  return { ...request, thinking: { type: 'disabled' } };
};
