/**
 * System messages inside a conversation, where the API does not take them: they become user text, marked as Claude Code
 * marks it. https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
import type { ContentBlock, Message } from '../turn/turn.ts';

/** The messages before and after a system message, or several consecutive ones. */
export interface Place {
  readonly before: Message | undefined;
  readonly after: Message | undefined;
}

export interface Placed {
  readonly messages: Message[];
  /** Whether any system message became user text. */
  readonly reminded: boolean;
}

/** Only allowed directly after a user message, and before an assistant message or at the end. */
export const mayStay = ({ before, after }: Place): boolean =>
  before?.role === 'user' && (after === undefined || after.role === 'assistant');

export const nowhere = (): boolean => false;

/**
 * Keeps system messages where `stays` allows it; the others join the neighbouring user message, after its tool results.
 */
export const placeSystemMessages = (messages: readonly Message[], stays: (place: Place) => boolean): Placed => {
  const out: Appended[] = [];
  let reminded = false;
  let place: Place = { before: undefined, after: undefined };
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    if (message.role === 'system' && before?.role !== 'system')
      place = { before, after: messages[nextOther(messages, index)] };
    const stay = message.role !== 'system' || stays(place);
    reminded ||= !stay;
    if (stay) append(out, message, { reminder: false });
    else if (remind(message).length > 0) append(out, { role: 'user', content: remind(message) }, { reminder: true });
  }
  return { messages: out.map(joined), reminded };
};

/** Where the system messages that begin at `index` end. */
const nextOther = (messages: readonly Message[], index: number): number => {
  let next = index;
  while (messages[next]?.role === 'system') next += 1;
  return next;
};

interface Appended {
  readonly role: Message['role'];
  /** Joined once at the end: joining one by one would copy the first ones again and again. */
  readonly parts: Message[];
  /** Holds former system messages: it is joined with the user text before and after. */
  reminder: boolean;
}

/** Consecutive system messages are one message too: the API takes one at a time. */
const append = (out: Appended[], next: Message, { reminder }: { reminder: boolean }): void => {
  const last = out.at(-1);
  const { role } = next;
  if (last?.role !== role || role === 'assistant' || (role === 'user' && !last.reminder && !reminder)) {
    out.push({ role, parts: [next], reminder });
    return;
  }
  last.parts.push(next);
  last.reminder ||= reminder;
};

const joined = ({ role, parts }: Appended): Message => {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  return { role, content: resultsFirst(parts.flatMap(blocksOf)) } as Message;
};

const blocksOf = ({ content }: Message): ContentBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : [...content];

/** The same text as in src/engines/claude/conversation/exchanges.ts; a test compares them. */
const remind = (message: Message): ContentBlock[] =>
  blocksOf(message)
    .filter((block) => block.type !== 'text' || block.text.trim() !== '')
    .map((block) =>
      block.type === 'text' ? { ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` } : block,
    );

/** The API requires the results of a step at the beginning of the message. */
const resultsFirst = (content: readonly ContentBlock[]): ContentBlock[] => [
  ...content.filter((block) => block.type === 'tool_result'),
  ...content.filter((block) => block.type !== 'tool_result'),
];
