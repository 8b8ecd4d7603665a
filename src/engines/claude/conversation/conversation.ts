/** A request in the terms in which processes hold conversations. Pure. */
import { TurnError } from '../../../turn/errors.ts';
import type { Turn, TurnRequest } from '../../../turn/turn.ts';
import { withSeparateIds } from './call-ids.ts';
import { checkMessages } from './check-messages.ts';
import { GO_ON, isPaused, systemText, toExchanges, type Exchange } from './exchanges.ts';
import { headsOf, startHead, type Head } from './heads.ts';

export interface Conversation {
  /** Empty where there is none. */
  readonly system: string;
  /** Everything before the turn. */
  readonly history: readonly Exchange[];
  /** The user message to be answered. */
  readonly turn: Exchange;
  /** The heads after none, one, two, … of the messages, the turn included. */
  readonly heads: readonly Head[];
}

/** The conversation of a turn. Throws `invalid_request`, which names the message at fault. */
export const conversationOf = ({ owner, request }: Turn): Conversation => {
  checkMessages(request.messages);
  const conversation = toConversation(owner, request);
  if (conversation !== undefined) return conversation;
  throw new TurnError(
    'invalid_request',
    'The conversation must end with a message of the user; Claude Code cannot continue an assistant message.',
    { param: 'messages' },
  );
};

/** Undefined where the request does not end with a message of the user, or with an answer that was paused. */
export const toConversation = (owner: string, request: TurnRequest): Conversation | undefined => {
  const given = withSeparateIds(toExchanges(request.messages));
  const exchanges = isPaused(given.at(-1)) ? [...given, GO_ON] : given;
  const turn = exchanges.at(-1);
  if (turn === undefined || turn.role !== 'user') return undefined;
  return {
    system: systemText(request.system),
    history: exchanges.slice(0, -1),
    turn,
    heads: headsOf(startHead(owner), exchanges),
  };
};
