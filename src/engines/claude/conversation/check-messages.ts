/**
 * Refuses, with the API's own messages, what the API refuses and Claude Code would repair with text of its own ("[Tool
 * result missing due to internal error]", "(no content)"), so that no invented text reaches the model. Pure.
 */
import { TurnError } from '../../../turn/errors.ts';
import type { Message } from '../../../turn/turn.ts';
import { joined, type Exchange } from './exchanges.ts';
import { isReadable } from './images.ts';

/** Consecutive messages of one role, which are one message to the API; `index` is the first one's. */
interface Group extends Exchange {
  readonly index: number;
}

/** Throws `invalid_request`, which names the message at fault. */
export const checkMessages = (messages: readonly Message[]): void => {
  const groups = joined(messages.map(toGroup));
  for (const [place, group] of groups.entries()) {
    checkContent(group);
    checkCalls(group, groups[place + 1]);
    checkResults(group, groups[place - 1]);
  }
  checkUnique(messages);
  checkImages(messages);
};

const toGroup = ({ role, content }: Message, index: number): Group => ({
  role: role === 'assistant' ? 'assistant' : 'user',
  content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  index,
});

/** An assistant message without content is left out of the history, so it is no error. */
const checkContent = ({ role, index, content }: Group): void => {
  if (role === 'assistant' || content.some((block) => block.type !== 'text' || block.text.trim() !== '')) return;
  const blank = content.some((block) => block.type === 'text' && block.text !== '');
  throw wrong(
    index,
    blank ? 'text content blocks must contain non-whitespace text' : 'user messages must have non-empty content',
  );
};

/** Images of the newest message: Claude Code checks only those. */
const checkImages = (messages: readonly Message[]): void => {
  const newest = messages.findLastIndex(({ role }) => role === 'assistant') + 1;
  for (const [after, { content }] of messages.slice(newest).entries()) {
    const blocks = typeof content === 'string' ? [] : content;
    const broken = blocks.findIndex(
      (block) => block.type === 'image' && block.source.type === 'base64' && !isReadable(block.source.data),
    );
    if (broken === -1) continue;
    const param = `messages.${newest + after}.content.${broken}.image.source.base64`;
    const reason = 'Could not process image: its data is not that of a PNG, JPEG, GIF or WebP image.';
    throw new TurnError('invalid_request', `${param}: ${reason}`, { param });
  }
};

const checkCalls = (group: Group, next: Group | undefined): void => {
  const answered = new Set(resultsOf(next).map((result) => result.tool_use_id));
  const open = callsOf(group).filter(({ id }) => !answered.has(id));
  // Calls in the last message are not checked: the conversation must end with a user message.
  if (open.length === 0 || next === undefined) return;
  const ids = open.map(({ id }) => id).join(', ');
  throw wrong(
    group.index,
    `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` ` +
      `block must have a corresponding \`tool_result\` block in the next message.`,
  );
};

const checkResults = (group: Group, before: Group | undefined): void => {
  const called = new Set(callsOf(before).map(({ id }) => id));
  const stray = resultsOf(group).find((result) => !called.has(result.tool_use_id));
  if (stray === undefined) return;
  throw wrong(
    group.index,
    `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray.tool_use_id}. Each \`tool_result\` block ` +
      `must have a corresponding \`tool_use\` block in the previous message.`,
  );
};

/** Where an id was used before, Claude Code replaces the call by the text "[Tool use interrupted]". */
const checkUnique = (messages: readonly Message[]): void => {
  const seen = new Set<string>();
  for (const [index, { content }] of messages.entries()) {
    for (const [place, block] of (typeof content === 'string' ? [] : content).entries()) {
      if (block.type !== 'tool_use') continue;
      const param = `messages.${index}.content.${place}`;
      if (seen.has(block.id))
        throw new TurnError('invalid_request', `${param}: \`tool_use\` ids must be unique`, { param });
      seen.add(block.id);
    }
  }
};

const callsOf = (group: Group | undefined) => (group?.content ?? []).filter((block) => block.type === 'tool_use');
const resultsOf = (group: Group | undefined) => (group?.content ?? []).filter((block) => block.type === 'tool_result');

const wrong = (index: number, reason: string): TurnError =>
  new TurnError('invalid_request', `messages.${index}: ${reason}`, { param: `messages.${index}` });
