/**
 * System messages in mid-conversation, where the API does not take them: they become text of a user, marked in
 * the way that Claude Code marks them.
 * https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
import type { ContentBlock, Message } from '../turn/turn.ts';

/** What stands before and after a system message, or several in a row. */
export interface Place {
  readonly before: Message | undefined;
  readonly after: Message | undefined;
}

export interface Placed {
  readonly messages: Message[];
  /** Whether any system message became text of a user. */
  readonly reminded: boolean;
}

/** Directly after a user's message, and before the assistant's or at the end: the API refuses any other place. */
export const mayStay = ({ before, after }: Place): boolean =>
  before?.role === 'user' && (after === undefined || after.role === 'assistant');

export const nowhere = (): boolean => false;

/**
 * Keeps system messages where `stays` says so; the others join the user's message beside them, behind its tool results.
 */
export const placeSystemMessages = (messages: readonly Message[], stays: (place: Place) => boolean): Placed => {
  const out: Said[] = [];
  let reminded = false;
  let place: Place = { before: undefined, after: undefined };
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    if (message.role === 'system' && before?.role !== 'system')
      place = { before, after: messages[nextOther(messages, index)] };
    const stay = message.role !== 'system' || stays(place);
    reminded ||= !stay;
    if (stay) say(out, message, { reminder: false });
    else if (remind(message).length > 0) say(out, { role: 'user', content: remind(message) }, { reminder: true });
  }
  return { messages: out.map(joined), reminded };
};

/** Where the system messages that begin at `index` end. */
const nextOther = (messages: readonly Message[], index: number): number => {
  let next = index;
  while (messages[next]?.role === 'system') next += 1;
  return next;
};

interface Said {
  readonly role: Message['role'];
  /** Joined at the end, all at once: one by one would copy the first ones again and again. */
  readonly parts: Message[];
  /** Holds what was a system message: it is joined with what the user says before and after. */
  reminder: boolean;
}

/** Two system messages in a row are one too: the API takes one in a place. */
const say = (out: Said[], next: Message, { reminder }: { reminder: boolean }): void => {
  const last = out.at(-1);
  const { role } = next;
  if (last?.role !== role || role === 'assistant' || (role === 'user' && !last.reminder && !reminder)) {
    out.push({ role, parts: [next], reminder });
    return;
  }
  last.parts.push(next);
  last.reminder ||= reminder;
};

const joined = ({ role, parts }: Said): Message => {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  return { role, content: resultsFirst(parts.flatMap(blocksOf)) } as Message;
};

const blocksOf = ({ content }: Message): ContentBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : [...content];

/** The same words as src/engines/claude/conversation/exchanges.ts; a test compares them. */
const remind = (message: Message): ContentBlock[] =>
  blocksOf(message)
    .filter((block) => block.type !== 'text' || block.text.trim() !== '')
    .map((block) =>
      block.type === 'text' ? { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` } : block,
    );

/** The API wants the results of a step at the head of the message that brings them. */
const resultsFirst = (content: readonly ContentBlock[]): ContentBlock[] => [
  ...content.filter((block) => block.type === 'tool_result'),
  ...content.filter((block) => block.type !== 'tool_result'),
];
