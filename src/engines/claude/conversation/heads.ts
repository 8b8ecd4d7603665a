/**
 * The chain of hashes by which a request finds the process that holds its conversation, or the beginning of it. Pure.
 */
import { createHash } from 'node:crypto';
import type { ContentBlock } from '../../../turn/turn.ts';
import type { Exchange } from './exchanges.ts';

/**
 * A hash that stands for all messages up to one, and for who speaks. The system prompt is no part of it: a process can
 * be given another.
 */
export type Head = string;

/** The chain's start: who speaks. */
export const startHead = (owner: string): Head => digest('start', [owner]);

/** The head after one more message. */
export const nextHead = (head: Head, { role, content }: Exchange): Head =>
  digest(head, [role, role === 'assistant' ? normaliseAnswer(content) : content.map(normaliseBlock)]);

/** The heads after none, one, two, … of the messages. */
export const headsOf = (start: Head, exchanges: readonly Exchange[]): Head[] => {
  const heads = [start];
  let head = start;
  for (const exchange of exchanges) {
    head = nextHead(head, exchange);
    heads.push(head);
  }
  return heads;
};

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

/** Signatures of the thinking in one message, in order: where a client sends any back, they must be the held ones. */
export const signaturesOf = ({ content }: Exchange): string[] =>
  content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : []));

const digest = (previous: Head, value: unknown): Head =>
  createHash('sha256').update(previous).update(canonicalJson(value)).digest('base64url');

/** JSON with sorted keys, so that re-serialised objects agree. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
