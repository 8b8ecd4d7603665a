/**
 * A conversation as the CLI takes it, and the chain of hashes by which the next request finds
 * the process that holds it. Pure.
 */
import { createHash } from 'node:crypto';
import type { ContentBlock, Message, TurnRequest } from '../../turn/turn.ts';

/** User and assistant messages that strictly alternate, each a list of blocks, none of them empty. */
export interface Exchange {
  readonly role: 'user' | 'assistant';
  readonly content: readonly ContentBlock[];
}

/**
 * Messages of one role in a row are one message to the API, and the CLI would join them with line
 * breaks of its own, so they become one message of several blocks. A system message in
 * mid-conversation travels the way Claude Code itself sends one to most models. An answer in which nothing was said
 * is left out: the CLI would write something in its place.
 */
export const toExchanges = (messages: readonly Message[]): Exchange[] =>
  joined(joined(messages.map(toExchange)).filter(saysSomething)).map(({ role, content }) => ({
    role,
    content: role === 'user' ? resultsFirst(content) : content,
  }));

/** Whether messages travel otherwise than they were sent, as system messages and empty answers do. */
export const travelOtherwise = (messages: readonly Message[]): boolean =>
  messages.some(({ role }) => role === 'system') || !joined(messages.map(toExchange)).every(saysSomething);

const toExchange = (message: Message): Exchange => ({
  role: message.role === 'assistant' ? 'assistant' : 'user',
  content: message.role === 'system' ? reminder(blocksOf(message)) : blocksOf(message),
});

/** Messages of one role in a row as one; what else it says is the first one's. */
export const joined = <One extends Exchange>(exchanges: readonly One[]): One[] => {
  const all: (One & { content: ContentBlock[] })[] = [];
  for (const exchange of exchanges) {
    const last = all.at(-1);
    if (last?.role === exchange.role) for (const block of exchange.content) last.content.push(block);
    else all.push({ ...exchange, content: [...exchange.content] });
  }
  return all;
};

const saysSomething = ({ role, content }: Exchange): boolean => role === 'user' || hasVisible(content);

/** Whether an answer has text or calls; thinking alone is nothing that was said. */
export const hasVisible = (content: readonly ContentBlock[]): boolean =>
  content.some((block) =>
    block.type === 'text' ? block.text.trim() !== '' : block.type !== 'thinking' && block.type !== 'redacted_thinking',
  );

const blocksOf = ({ content }: Message): ContentBlock[] => {
  const blocks: ContentBlock[] = typeof content === 'string' ? [{ type: 'text', text: content }] : [...content];
  return blocks.filter((block) => block.type !== 'text' || block.text !== '').map(withoutCacheControl);
};

/** Claude Code places its own cache breakpoints; the caller's would exceed the API's limit of four. */
const withoutCacheControl = <Block extends object>(block: Block): Block => {
  const { cache_control: _, ...rest } = block as Block & { cache_control?: unknown };
  const plain = rest as Block & { content?: unknown };
  return Array.isArray(plain.content)
    ? { ...plain, content: plain.content.map((part: object) => withoutCacheControl(part)) }
    : plain;
};

const reminder = (blocks: readonly ContentBlock[]): ContentBlock[] =>
  blocks.map((block) =>
    block.type === 'text' ? { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` } : block,
  );

/** The API wants the results of a step at the head of the message that brings them. */
const resultsFirst = (content: readonly ContentBlock[]): ContentBlock[] => [
  ...content.filter((block) => block.type === 'tool_result'),
  ...content.filter((block) => block.type !== 'tool_result'),
];

/** The system prompt as one text: the CLI joins blocks in just this way. */
export const systemText = (system: TurnRequest['system']): string =>
  typeof system === 'string' ? system : (system ?? []).map((block) => block.text).join('\n\n');

/** A hash that stands for all the model has seen. */
export type Head = string;

/** The chain's start: who speaks, and the system prompt the process is bound to. */
export const chainStart = (owner: string, system: string): Head => digest('start', [owner, system]);

/** The head after one more message. */
export const chainNext = (head: Head, exchange: Exchange): Head =>
  digest(head, [
    exchange.role,
    exchange.role === 'assistant' ? normaliseAnswer(exchange.content) : exchange.content.map(normaliseBlock),
  ]);

export const chainOf = (start: Head, exchanges: readonly Exchange[]): Head => exchanges.reduce(chainNext, start);

/**
 * Clients drop thinking, trim the ends of text, join and split text blocks, change line ends, and reorder
 * keys of tool inputs. What is left after this must agree for an answer to be the same answer.
 */
const normaliseAnswer = (content: readonly ContentBlock[]): unknown => ({
  text: content
    .flatMap((block) => (block.type === 'text' ? [block.text] : []))
    .join('')
    .replaceAll('\r\n', '\n')
    .trim(),
  calls: content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input })),
});

const normaliseBlock = (block: ContentBlock): unknown => {
  if (block.type !== 'tool_result') return block;
  const { content, is_error } = block;
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  return {
    ...block,
    content: parts.filter((part) => part.type !== 'text' || part.text !== ''),
    is_error: is_error ?? false,
  };
};

/** Signatures of the thinking a client sent back, in order: where it sends any, they must be the held ones. */
export const thinkingSignatures = (exchanges: readonly Exchange[]): string[] =>
  exchanges.flatMap(({ content }) => content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : [])));

const digest = (previous: Head, value: unknown): Head =>
  createHash('sha256').update(previous).update(canonicalJson(value)).digest('base64url');

/** JSON with sorted keys, so that re-serialised objects agree. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
