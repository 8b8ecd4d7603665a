/** One request cannot be so large that reading it stops all others, or overflows a stack. */
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { MOST } from '../../src/dialects/bounds.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { conversationOf } from '../../src/engines/claude/conversation/conversation.ts';
import { adaptiveModel, contextOf, failure } from './support.ts';

const times = <One>(length: number, one: (index: number) => One): One[] =>
  Array.from({ length }, (_, index) => one(index));
const text = (index: number) => ({ type: 'text', text: `word ${index}` });
const said = (content: unknown) => ({ role: 'user', content });
const tool = (index: number) => ({ type: 'function', function: { name: `f${index}` } });
const clientTool = (index: number) => ({ name: `f${index}`, input_schema: { type: 'object' } });

const suites = [
  { name: 'chat', dialect: openAiChat, extra: {}, tool, style: (index: number) => `messages[${index}]` },
  {
    name: 'messages',
    dialect: anthropicMessages,
    extra: { max_tokens: 10 },
    tool: clientTool,
    style: (index: number) => `messages.${index}`,
  },
] as const;

describe.each(suites)('$name', ({ dialect, extra, tool: toolOf, style }) => {
  const tools = times(MOST.tools + 1, (index): object => toolOf(index));
  const parse = (more: object) => dialect.parse({ model: 'm', messages: [said('x')], ...extra, ...more }, contextOf());

  test('refuses two messages of 200,000 blocks each, by name', () => {
    const messages = [said(times(200_000, text)), said(times(200_000, text))];
    expect(failure(() => parse({ messages }))).toMatchObject({
      code: 'invalid_request',
      param: style(0),
      message: expect.stringContaining('at most 20,000 content blocks are accepted in one request.'),
    });
  });

  test.each([
    ['messages', () => ({ messages: times(MOST.messages + 1, () => said('x')) })],
    ['tools', () => ({ tools })],
  ])('refuses more %s than anybody needs', (field, body) => {
    expect(failure(() => parse(body()))).toMatchObject({ code: 'invalid_request', param: field });
  });

  test('takes as many as that, and so does Claude Code', () => {
    const half = times(MOST.blocks / 2, text);
    const full = parse({ messages: [said(half), said(half)], tools: tools.slice(1) });
    const many = parse({ messages: times(MOST.messages, () => said('x')) });
    for (const { request } of [full, many]) {
      const { turn } = conversationOf({ id: 'r', owner: 'o', betas: [], request });
      expect(turn.content.length).toBeGreaterThanOrEqual(MOST.messages);
    }
  });
});

test('counts calls, and blocks inside results', () => {
  const call = (index: number) => ({ id: `c${index}`, type: 'function', function: { name: 'f', arguments: '{}' } });
  const calls = [{ role: 'assistant', tool_calls: times(MOST.blocks + 1, call) }];
  const inside = [said([{ type: 'tool_result', tool_use_id: 'a', content: times(MOST.blocks, text) }])];
  expect(failure(() => openAiChat.parse({ model: 'm', messages: calls }, contextOf())).param).toBe('messages[0]');
  expect(
    failure(() => anthropicMessages.parse({ model: 'm', max_tokens: 1, messages: inside }, contextOf())).param,
  ).toBe('messages.0');
});

test('results in any order and system messages in any number are read in one walk', () => {
  const system = times(4000, (index) => ({ role: index % 2 === 0 ? 'user' : 'system', content: `x${index}` }));
  const { request } = openAiChat.parse({ model: 'm', messages: [...system, said('end')] }, contextOf());
  expect(request.messages.length).toBeGreaterThan(0);
  const kept = openAiChat.parse(
    { model: 'm', messages: [said('a'), ...times(3000, () => ({ role: 'system', content: 'b' })), said('c')] },
    contextOf({ engine: 'anthropic-api', base: { ...adaptiveModel, systemMessages: true } }),
  );
  expect(kept.request.messages[0]?.content).toHaveLength(3002);
});
