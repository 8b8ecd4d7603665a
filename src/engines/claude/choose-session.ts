/** Which process answers a request. The one decision the engine turns on; pure, with a table of tests. */
import { chainNext, chainOf, chainStart, systemText, thinkingSignatures, toExchanges } from './history.ts';
import type { Exchange, Head } from './history.ts';
import { answerSuspended, type McpResult } from './tool-results.ts';
import type { LiveSettings } from './settings.ts';
import type { TurnRequest } from '../../turn/turn.ts';

/** What the choice needs to know of a process that holds a conversation. */
export interface SessionView {
  readonly id: number;
  readonly head: Head;
  readonly model: string;
  /** Signatures of all thinking the process holds, in order. */
  readonly signatures: readonly string[];
  /** Ids of calls that wait for results; empty when the last turn is over. */
  readonly pending: ReadonlySet<string>;
  /** Names the process can take calls for while it is suspended. */
  readonly offeredTools: ReadonlySet<string>;
}

/** A request in the terms of the choice. */
export interface Conversation {
  readonly system: string;
  /** Everything before the turn. */
  readonly history: readonly Exchange[];
  /** The user message to be answered. */
  readonly turn: Exchange;
  /** The head that a process must have to go on with `turn`. */
  readonly head: Head;
  /** The head once `turn` has been added. */
  readonly nextHead: Head;
}

export type Choice =
  | { readonly kind: 'answer-suspended'; readonly session: number; readonly results: ReadonlyMap<string, McpResult> }
  | { readonly kind: 'continue'; readonly session: number }
  /** `supersedes`: sessions that held this very conversation and can no longer serve it. */
  | { readonly kind: 'replay'; readonly reason: string; readonly supersedes: readonly number[] };

export const toConversation = (owner: string, request: TurnRequest): Conversation | undefined => {
  const system = systemText(request.system);
  const exchanges = toExchanges(request.messages);
  const turn = exchanges.at(-1);
  if (turn === undefined || turn.role !== 'user') return undefined;
  const history = exchanges.slice(0, -1);
  const head = chainOf(chainStart(owner, system), history);
  return { system, history, turn, head, nextHead: chainNext(head, turn) };
};

export const chooseSession = (
  conversation: Conversation,
  settings: LiveSettings,
  sessions: Iterable<SessionView>,
): Choice => {
  if (conversation.history.length === 0) return { kind: 'replay', reason: 'a new conversation', supersedes: [] };
  const supersedes: number[] = [];
  let reason = 'no process holds this conversation';
  for (const session of sessions) {
    if (session.head !== conversation.head) continue;
    const choice = judge(conversation, settings, session);
    if (choice.kind !== 'replay') return choice;
    reason = choice.reason;
    supersedes.push(session.id);
  }
  return { kind: 'replay', reason, supersedes };
};

const judge = (conversation: Conversation, settings: LiveSettings, session: SessionView): Choice => {
  const replay = (reason: string): Choice => ({ kind: 'replay', reason, supersedes: [session.id] });
  // A model changed on a process that holds messages writes a "/model" command into the conversation.
  if (session.model !== settings.model) return replay('another model');
  const sent = thinkingSignatures(conversation.history);
  if (sent.length > 0 && !isSuffix(sent, session.signatures)) return replay('other thinking blocks');

  if (session.pending.size === 0) return { kind: 'continue', session: session.id };
  // New tools are not seen before the next turn begins, and to replace them would close the waiting calls.
  if (settings.toolNames.some((name) => !session.offeredTools.has(name))) return replay('new tools inside a tool loop');
  const answer = answerSuspended(conversation.turn.content, session.pending);
  if (answer.kind === 'replay') return replay(answer.reason);
  return { kind: 'answer-suspended', session: session.id, results: answer.results };
};

/** Clients may drop the thinking of earlier turns, so what they send must be the newest that is held. */
const isSuffix = (sent: readonly string[], held: readonly string[]): boolean =>
  sent.length <= held.length && sent.every((signature, i) => signature === held[held.length - sent.length + i]);
