/** Places in the messages that Claude Code sends, as places in the turn's request. Pure. */
import { TurnError } from '../../../turn/errors.ts';
import type { Message } from '../../../turn/turn.ts';
import { hasVisible } from './exchanges.ts';

const PLACE = /^messages\.(?<index>\d+)(?:\.content\.(?<block>\d+))?/u;

/**
 * Claude Code sends messages of one role in a row as one, and no answer in which nothing was said: the API then counts
 * otherwise than the caller. Without a place of the turn's own the error keeps its reason only.
 */
export const atTurnsPlace = (error: TurnError, messages: readonly Message[]): TurnError => {
  const found = PLACE.exec(error.message);
  if (found === null || error.code !== 'upstream_invalid_request') return error;
  const { index, block } = found.groups ?? {};
  const place = placeIn(messages, Number(index), block === undefined ? undefined : Number(block));
  const rest = error.message.slice(found[0].length);
  const message = place === undefined ? rest.replace(/^[\w.]*: /u, '') : place + rest;
  const { code, param, details, retryAfterSeconds, cause } = error;
  return new TurnError(code, message, {
    ...(param !== undefined && { param }),
    ...(details !== undefined && { details }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(cause !== undefined && { cause }),
  });
};

interface Sent {
  readonly role: 'user' | 'assistant';
  /** For each block of the message as it is sent: the message and the block of the turn that it comes from. */
  readonly from: { readonly message: number; readonly block: number; readonly result: boolean }[];
}

const placeIn = (messages: readonly Message[], index: number, block: number | undefined): string | undefined => {
  const sent = sentMessages(messages)[index];
  const source = sent?.from[block ?? 0];
  if (source === undefined) return undefined;
  if (block === undefined) return `messages.${source.message}`;
  return `messages.${source.message}.content.${source.block}`;
};

const sentMessages = (messages: readonly Message[]): readonly Sent[] => {
  const sent: Sent[] = [];
  for (const [message, { role, content }] of messages.entries()) {
    const blocks = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content;
    if (role === 'assistant' && !hasVisible(blocks)) continue;
    const sender = role === 'assistant' ? 'assistant' : 'user';
    if (sent.at(-1)?.role !== sender) sent.push({ role: sender, from: [] });
    for (const [block, one] of blocks.entries()) {
      if (one.type === 'text' && one.text === '') continue;
      sent.at(-1)?.from.push({ message, block, result: one.type === 'tool_result' });
    }
  }
  // Results go to the head of a user's message.
  for (const { role, from } of sent) if (role === 'user') from.sort((a, b) => Number(b.result) - Number(a.result));
  return sent;
};
