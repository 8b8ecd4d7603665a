import { describe, expect, test } from 'vitest';
import { DemoError } from '../../src/demo/answer.ts';
import { validate } from '../../src/demo/validate.ts';

const HAIKU = 'claude-haiku-4-5-20251001';
const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const call = (id: string, input: unknown = {}) => ({ type: 'tool_use', id, name: 't', input });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'x' });
const text = (value: string) => ({ type: 'text', text: value });
const tool = { name: 't', input_schema: { type: 'object' } };
const base = { model: HAIKU, max_tokens: 5000, messages: [user('hi')] };

const problemOf = (body: unknown, counting = false): string | undefined => {
  try {
    validate(body, { counting });
    return undefined;
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    return `${error.failure.status} ${error.message}`;
  }
};

describe('accepted', () => {
  test.each<[string, object]>([
    ['a plain request', {}],
    [
      'calls and results',
      {
        messages: [
          user('a'),
          assistant([text('b'), call('1'), call('2')]),
          user([result('2'), result('1'), text('c')]),
        ],
      },
    ],
    [
      'results in two messages of the user',
      { messages: [user('a'), assistant([call('1'), call('2')]), user([result('1')]), user([result('2')])] },
    ],
    ['several user messages', { messages: [user('a'), user('b'), assistant('c'), user([text('d')])] }],
    ['a prefill', { messages: [user('a'), assistant('b')] }],
    ['one of two sampling parameters', { temperature: 0.5, top_k: 3 }],
    ['a thinking budget', { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    [
      'a tool loop with its thinking',
      {
        thinking: { type: 'enabled', budget_tokens: 1024 },
        messages: [
          user('a'),
          assistant([{ type: 'thinking', thinking: '', signature: 's' }, call('1')]),
          user([result('1')]),
        ],
      },
    ],
    ['a tool of the server', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['a forced tool', { tools: [tool], tool_choice: { type: 'tool', name: 't' } }],
    [
      'a new model with effort',
      {
        model: 'claude-sonnet-5-5',
        output_config: { effort: 'high' },
        thinking: { type: 'between_tools' },
        temperature: 1,
      },
    ],
    [
      'a system message in mid-conversation',
      {
        model: 'claude-opus-5-5',
        messages: [user('a'), { role: 'system', content: 'b', output_config: { effort: 'low' } }],
      },
    ],
    [
      'an effort of its own for later turns',
      {
        model: 'claude-opus-5-5',
        messages: [user('a'), { role: 'system', content: [], output_config: { effort: 'low' } }],
      },
    ],
    [
      'calls with a system message before their results',
      {
        model: 'claude-opus-5-5',
        messages: [user('a'), assistant([call('1')]), { role: 'system', content: 's' }, user([result('1')])],
      },
    ],
  ])('%s', (_name, more) => expect(problemOf({ ...base, ...more })).toBeUndefined());
});

describe('refused', () => {
  test.each<[string, unknown]>([
    ['400 Input should be a valid dictionary', []],
    ['400 model: Field required', { ...base, model: undefined }],
    ['400 max_tokens: Field required', { ...base, max_tokens: undefined }],
    ['400 max_tokens: Input should be greater', { ...base, max_tokens: 0 }],
    ['400 max_tokens: 64001 > 64000', { ...base, max_tokens: 64_001 }],
    ['400 messages: at least one message', { ...base, messages: [] }],
    ['400 seed: Extra inputs', { ...base, seed: 1 }],
    ['404 model: gpt-4o', { ...base, model: 'gpt-4o' }],
    ['404 model: sonnet', { ...base, model: 'sonnet' }],
    [
      "400 messages.1.role: Input should be 'user' or 'assistant'",
      { ...base, messages: [user('a'), { role: 'tool', content: 'b' }] },
    ],
    ['400 messages.0.name: Extra inputs', { ...base, messages: [{ ...user('a'), name: 'x' }] }],
    ['400 messages.0: all messages must have non-empty content', { ...base, messages: [user('')] }],
    ['400 messages.0.content: Input should be a valid list', { ...base, messages: [user(null)] }],
    ['400 messages: text content blocks must be non-empty', { ...base, messages: [user([text('')])] }],
    [
      '400 messages: text content blocks must contain non-whitespace text',
      { ...base, messages: [user([text('a'), text(' \n')])] },
    ],
    ['400 messages: text content blocks must contain non-whitespace text', { ...base, messages: [user(' ')] }],
    [
      "400 messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
      { ...base, messages: [user('a'), assistant([call('a.b')]), user([result('a.b')])] },
    ],
    [
      '400 messages.1.content.0.tool_use.input: Input should be a valid dictionary',
      { ...base, messages: [user('a'), assistant([call('1', 'text')]), user([result('1')])] },
    ],
    [
      '400 messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: 9.',
      { ...base, messages: [user('a'), assistant([text('b')]), user([result('9')])] },
    ],
    ['400 messages.0.content.1: unexpected `tool_use_id`', { ...base, messages: [user([text('a'), result('1')])] }],
    [
      '400 messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: 2.',
      { ...base, messages: [user('a'), assistant([call('1'), call('2')]), user([result('1')])] },
    ],
    [
      '400 messages.1: `tool_use` ids were found without',
      { ...base, messages: [user('a'), assistant([call('1')]), user([text('b'), result('1')])] },
    ],
    ['400 messages.1: `tool_use` ids were found without', { ...base, messages: [user('a'), assistant([call('1')])] }],
    [
      '400 messages.2: each tool_use must have a single result',
      { ...base, messages: [user('a'), assistant([call('1')]), user([result('1'), result('1')])] },
    ],
    [
      '400 messages: `tool_use` ids must be unique',
      {
        ...base,
        messages: [user('a'), assistant([call('1')]), user([result('1')]), assistant([call('1')]), user([result('1')])],
      },
    ],
    [
      '400 messages.0.content.0: `tool_use` blocks can only be in `assistant`',
      { ...base, messages: [user([call('1')])] },
    ],
    [
      '400 messages: final assistant content cannot end with trailing whitespace',
      { ...base, messages: [user('a'), assistant('b ')] },
    ],
    [
      '400 This model does not support assistant message prefill',
      { ...base, model: 'claude-opus-5-5', messages: [user('a'), assistant('b')] },
    ],
    [
      "400 role 'system' is not supported on this model",
      { ...base, messages: [user('a'), { role: 'system', content: 'b' }] },
    ],
    ['400 `temperature` and `top_p` cannot both be specified', { ...base, temperature: 0.5, top_p: 0.5 }],
    ['400 temperature: range: 0..1', { ...base, temperature: 1.5 }],
    ['400 `top_p` is deprecated for this model', { ...base, model: 'claude-opus-5-5', top_p: 0.5 }],
    ['400 stop_sequences: each stop sequence must contain non-whitespace', { ...base, stop_sequences: ['a', '\n'] }],
    ['400 tools: Tool names must be unique', { ...base, tools: [tool, tool] }],
    ['400 tools.0.custom.name: String should match pattern', { ...base, tools: [{ ...tool, name: 'a b' }] }],
    [
      "400 tools.0.custom.input_schema.type: Input should be 'object'",
      { ...base, tools: [{ name: 't', input_schema: {} }] },
    ],
    ['400 tool_choice: may only be specified while providing tools', { ...base, tool_choice: { type: 'auto' } }],
    ["400 Tool 'x' not found in provided tools", { ...base, tools: [tool], tool_choice: { type: 'tool', name: 'x' } }],
    [
      '400 tool_choice: forcing tool use is not supported',
      { ...base, model: 'claude-sonnet-5-5', tools: [tool], tool_choice: { type: 'any' } },
    ],
    [
      '400 thinking.enabled.budget_tokens: Input should be greater',
      { ...base, thinking: { type: 'enabled', budget_tokens: 10 } },
    ],
    [
      '400 `max_tokens` must be greater than `thinking.budget_tokens`',
      { ...base, thinking: { type: 'enabled', budget_tokens: 5000 } },
    ],
    [
      '400 `temperature` may only be set to 1 when thinking is enabled',
      { ...base, temperature: 0, thinking: { type: 'enabled', budget_tokens: 1024 } },
    ],
    [
      '400 Thinking may not be enabled when tool_choice forces tool use',
      { ...base, tools: [tool], tool_choice: { type: 'any' }, thinking: { type: 'enabled', budget_tokens: 1024 } },
    ],
    [
      '400 messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`',
      {
        ...base,
        thinking: { type: 'enabled', budget_tokens: 1024 },
        messages: [user('a'), assistant([call('1')]), user([result('1')])],
      },
    ],
    ['400 adaptive thinking is not supported', { ...base, thinking: { type: 'adaptive' } }],
    [
      '400 "thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools"',
      { ...base, model: 'claude-sonnet-5-5', thinking: { type: 'disabled' } },
    ],
    [
      '400 "thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
      { ...base, model: 'claude-haiku-5-5', thinking: { type: 'enabled', budget_tokens: 1024 } },
    ],
    [
      '400 "thinking.type.between_tools" is not supported at this effort',
      { ...base, model: 'claude-sonnet-5-5', thinking: { type: 'between_tools' }, output_config: { effort: 'max' } },
    ],
    ['400 This model does not support the effort parameter', { ...base, output_config: { effort: 'low' } }],
  ])('%s', (problem, body) => expect(problemOf(body)).toMatch(problem));

  test('counting takes fewer fields, and needs no max_tokens', () => {
    expect(problemOf({ model: HAIKU, messages: [user('a')] }, true)).toBeUndefined();
    expect(problemOf(base, true)).toBe('400 max_tokens: Extra inputs are not permitted');
  });
});
