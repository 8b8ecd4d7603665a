/** Any valid conversation survives OpenAI → canonical and back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import type { TurnRequest } from '../../src/turn/turn.ts';
import { anyConversation } from './arbitraries.ts';
import { contextOf } from './support.ts';

const parse = (messages: unknown): TurnRequest => openAiChat.parse({ model: 'm', messages }, contextOf()).request;

type Block = {
  type: string;
  text: string;
  id: string;
  name: string;
  input: unknown;
  tool_use_id: string;
  content?: string;
  source: { media_type: string; data: string };
};

/** The inverse, written apart from the code under test. */
const back = ({ system, messages }: TurnRequest): object[] => [
  ...((system ?? []) as Block[]).map((block) => ({ role: 'system', content: [{ type: 'text', text: block.text }] })),
  ...messages.flatMap(({ role, content }): object[] => {
    const blocks = content as unknown as Block[];
    const results = blocks.filter(({ type }) => type === 'tool_result');
    if (results.length > 0)
      return results.map((block) => ({ role: 'tool', tool_call_id: block.tool_use_id, content: block.content ?? '' }));
    const calls = blocks.filter(({ type }) => type === 'tool_use');
    if (role === 'assistant') {
      const text = blocks.find(({ type }) => type === 'text')?.text ?? null;
      return [
        calls.length === 0
          ? { role, content: text }
          : {
              role,
              content: text,
              tool_calls: calls.map(({ id, name, input }) => ({
                id,
                type: 'function',
                function: { name, arguments: JSON.stringify(input) },
              })),
            },
      ];
    }
    const parts = blocks.map((block) =>
      block.type === 'text'
        ? { type: 'text', text: block.text }
        : { type: 'image_url', image_url: { url: `data:${block.source.media_type};base64,${block.source.data}` } },
    );
    return [{ role, content: parts }];
  }),
];

const midSystem = (messages: readonly object[], index: number): boolean =>
  roleOf(messages[index]) === 'system' && messages.slice(0, index).some((one) => roleOf(one) === 'user');
const roleOf = (message: { role?: string } | undefined): string | undefined => message?.role;

test('OpenAI → canonical → OpenAI is the identity', () => {
  const property = fc.property(anyConversation, (all) => {
    const messages = all.filter((_, index) => !midSystem(all, index));
    expect(back(parse(messages))).toEqual(messages);
  });
  fc.assert(property, { numRuns: 500 });
});

/** Who says what, block by block: the API takes messages of one role in a row for one. */
const spoken = ({ messages }: Pick<TurnRequest, 'messages'>): object[] =>
  messages.flatMap(({ role, content }) => (content as unknown as Block[]).map((block) => ({ role, ...block })));

test.each([
  ['what a model takes', true],
  ['the user’s, where the model takes none', false],
])('system messages in mid-conversation keep their place and their words: %s', (_, systemMessages) => {
  const property = fc.property(anyConversation, (messages) => {
    const { request, report } = openAiChat.parse(
      { model: 'm', messages },
      contextOf({ engine: 'anthropic-api', abilities: { systemMessages } }),
    );
    const marked = messages.map((message, index) => {
      if (!midSystem(messages, index)) return message;
      const [block] = (message as { content: Block[] }).content;
      return {
        role: 'user',
        content: [{ type: 'text', text: `<system-reminder>\n${block?.text}\n</system-reminder>` }],
      };
    });
    const plain = spoken(request).map((block) =>
      roleOf(block) === 'system'
        ? { ...block, role: 'user', text: `<system-reminder>\n${(block as Block).text}\n</system-reminder>` }
        : block,
    );
    expect(plain).toEqual(spoken(parse(marked)));
    const roles = request.messages.map(({ role }) => role);
    if (!systemMessages) expect(roles).not.toContain('system');
    for (const [index, role] of roles.entries())
      if (role === 'system') expect([roles[index - 1], roles[index + 1] ?? 'assistant']).toEqual(['user', 'assistant']);
    const kept = spoken(request).filter((block) => roleOf(block) === 'system').length;
    expect(report.emulated).toEqual(
      messages.filter((_one, index) => midSystem(messages, index)).length > kept ? ['messages'] : [],
    );
  });
  fc.assert(property, { numRuns: 300 });
});

test('however a client writes the same conversation, it is the same turn', () => {
  const rewritten = (message: object): object => {
    const { content, ...rest } = message as { content: unknown; role: string };
    if (Array.isArray(content) && content.length === 1 && (content[0] as Block).type === 'text')
      return { ...rest, name: null, content: (content[0] as Block).text };
    if (content === null) return { ...rest, content: '', refusal: null };
    if (typeof content === 'string' && rest.role === 'assistant')
      return { ...rest, refusal: null, content: [{ type: 'text', text: content, extra: 1 }] };
    return message;
  };
  const property = fc.property(anyConversation, (messages) => {
    expect(parse(messages.map((message) => rewritten(message)))).toEqual(parse(messages));
  });
  fc.assert(property, { numRuns: 300 });
});

test('a longer history begins as the shorter one did', () => {
  fc.assert(
    fc.property(anyConversation, anyConversation, (one, two) => {
      const more = two.filter((message) => !('tool_calls' in message) && (message as { role: string }).role !== 'tool');
      const [short, long] = [parse(one), parse([...one, ...more])];
      expect(spoken(long).slice(0, spoken(short).length)).toEqual(spoken(short));
    }),
    { numRuns: 200 },
  );
});
