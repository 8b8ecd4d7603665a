/** The API counts the messages that Claude Code sends; the caller must read of those that it sent itself. */
import { expect, test } from 'vitest';
import { atTurnsPlace } from '../../../../src/engines/claude/conversation/turn-place.ts';
import { TurnError } from '../../../../src/turn/errors.ts';
import type { Message } from '../../../../src/turn/turn.ts';

const text = (words: string) => ({ type: 'text' as const, text: words });
const messages: Message[] = [
  { role: 'user', content: 'one' },
  { role: 'user', content: [text(''), text('two')] },
  { role: 'assistant', content: [] },
  { role: 'system', content: 'mid' },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
  { role: 'system', content: 'more' },
  { role: 'user', content: [text('first'), { type: 'tool_result', tool_use_id: 'a' }] },
];

test.each([
  ['messages.0: wrong', 'messages.0: wrong'],
  ['messages.0.content.1.text: wrong', 'messages.1.content.1.text: wrong'],
  ['messages.0.content.2: wrong', 'messages.3.content.0: wrong'],
  ['messages.1.content.0.tool_use.name: wrong', 'messages.4.content.0.tool_use.name: wrong'],
  ['messages.2.content.0.tool_result: wrong', 'messages.6.content.1.tool_result: wrong'],
  ['messages.2.content.1: wrong', 'messages.5.content.0: wrong'],
  ['messages.2.content.9.text: wrong', 'wrong'],
  ['messages: wrong', 'messages: wrong'],
  ['max_tokens: wrong', 'max_tokens: wrong'],
])('%s becomes %s', (given, expected) => {
  expect(atTurnsPlace(new TurnError('upstream_invalid_request', given), messages).message).toBe(expected);
});
