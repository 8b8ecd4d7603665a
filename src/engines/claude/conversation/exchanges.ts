/** A conversation as the CLI takes it: user and assistant messages that strictly alternate. Pure. */
import type { ContentBlock, Message, TurnRequest } from '../../../turn/turn.ts';

/** One message, a list of blocks, none of them empty. */
export interface Exchange {
  readonly role: 'user' | 'assistant';
  readonly content: readonly ContentBlock[];
}

/**
 * Consecutive messages of one role are one message to the API, and the CLI would join them with line breaks of its own,
 * so they become one message of several blocks. A system message inside a conversation travels in the form that Claude
 * Code itself uses for most models. An answer without content is left out: the CLI would write text in its place.
 */
export const toExchanges = (messages: readonly Message[]): Exchange[] =>
  joined(joined(messages.map(toExchange)).filter(hasContent)).map(({ role, content }) => ({
    role,
    content: role === 'user' ? resultsFirst(content) : keptByCli(content),
  }));

/** Whether messages are changed for the CLI, as system messages, empty and paused answers are. */
export const travelOtherwise = (messages: readonly Message[]): boolean => {
  const all = joined(messages.map(toExchange));
  return messages.some(({ role }) => role === 'system') || !all.every(hasContent) || isPaused(all.at(-1));
};

/** An answer that the API paused while its own tools run; the caller sends it back to continue. */
export const isPaused = (last: Exchange | undefined): boolean =>
  last?.role === 'assistant' && last.content.some(({ type }) => type === 'server_tool_use');

/** The message that continues an answer: Claude Code asks for nothing without a user message. */
export const GO_ON: Exchange = {
  role: 'user',
  content: [{ type: 'text', text: '<system-reminder>\nYour answer was paused. Go on with it.\n</system-reminder>' }],
};

const toExchange = (message: Message): Exchange => ({
  role: message.role === 'assistant' ? 'assistant' : 'user',
  content: message.role === 'system' ? reminder(blocksOf(message)) : blocksOf(message),
});

/** Joins consecutive messages of one role; other members are those of the first. */
export const joined = <One extends Exchange>(exchanges: readonly One[]): One[] => {
  const all: (One & { content: ContentBlock[] })[] = [];
  for (const exchange of exchanges) {
    const last = all.at(-1);
    if (last?.role !== exchange.role) all.push({ ...exchange, content: [...exchange.content] });
    else for (const block of exchange.content) last.content.push(block);
  }
  return all;
};

const hasContent = ({ role, content }: Exchange): boolean => role === 'user' || hasVisible(content);

/** Whether an answer has text or calls; thinking alone does not count. */
export const hasVisible = (content: readonly ContentBlock[]): boolean =>
  content.some((block) => (block.type === 'text' ? block.text.trim() !== '' : !isThinking(block)));

export const isThinking = ({ type }: ContentBlock): boolean => type === 'thinking' || type === 'redacted_thinking';

/** What the CLI treats as a message without content, and leaves out of the next request. */
const NO_CONTENT = '(no content)';

/** Whether the CLI would forget an answer because of its only text. */
export const isForgotten = (content: readonly ContentBlock[]): boolean => {
  const visible = content.filter((block) => !isThinking(block));
  return visible.length === 1 && visible[0]?.type === 'text' && visible[0].text.trim() === NO_CONTENT;
};

/** The same text in two blocks, which the CLI does not treat as its own placeholder. */
const keptByCli = (content: readonly ContentBlock[]): readonly ContentBlock[] => {
  if (!isForgotten(content)) return content;
  return content.flatMap((block): ContentBlock[] => {
    if (block.type !== 'text') return [block];
    const middle = block.text.indexOf(NO_CONTENT) + '(no '.length;
    return [
      { ...block, text: block.text.slice(0, middle) },
      { ...block, text: block.text.slice(middle) },
    ];
  });
};

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

/** The API requires the results of a step at the beginning of the message. */
const resultsFirst = (content: readonly ContentBlock[]): ContentBlock[] => [
  ...content.filter((block) => block.type === 'tool_result'),
  ...content.filter((block) => block.type !== 'tool_result'),
];

/** The system prompt as one text: the CLI joins blocks in just this way. */
export const systemText = (system: TurnRequest['system']): string =>
  typeof system === 'string' ? system : (system ?? []).map((block) => block.text).join('\n\n');
