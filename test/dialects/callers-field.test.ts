/** The API's places as fields of the caller's own request. */
import { describe, expect, test } from 'vitest';
import { withCallersField } from '../../src/dialects/callers-field.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { TurnError } from '../../src/turn/errors.ts';
import { contextOf } from './support.ts';

const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } });
const png = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } };
const pdf = { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } };
const body = {
  model: 'm',
  max_completion_tokens: 100,
  reasoning_effort: 'low',
  stop: 'END',
  user: 'u',
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } },
  },
  tools: [
    { type: 'function', function: { name: 'g' } },
    { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
  ],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
  },
  messages: [
    { role: 'system', content: 's' },
    { role: 'user', content: 'text' },
    { role: 'user', content: [{ type: 'text', text: ' ' }, { type: 'text', text: 'seen' }, png, pdf] },
    { role: 'assistant', content: 'calls', tool_calls: [call('a'), call('b')] },
    { role: 'tool', tool_call_id: 'a', content: 'r' },
    { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'r' }, png] },
    { role: 'user', content: 'last' },
  ],
};

const told = (message: string, code: 'upstream_invalid_request' | 'upstream_error' = 'upstream_invalid_request') => {
  const { callersField } = openAiChat.parse(body, contextOf());
  return withCallersField(new TurnError(code, message), callersField);
};

describe('an error of the API about', () => {
  test.each([
    ['messages.0.content.0.text', 'messages[1].content'],
    ['messages.1.content.0.text', 'messages[2].content[1]'],
    ['messages.1.content.1.image.source.base64.data', 'messages[2].content[2].image_url.url'],
    ['messages.1.content.1.source', 'messages[2].content[2].image_url.url'],
    ['messages.1.content.2.document.source.base64', 'messages[2].content[3].file.file_data'],
    ['messages.2.content.0', 'messages[3]'],
    ['messages.2', 'messages[3]'],
    ['messages.2.content.1.tool_use.input', 'messages[3].tool_calls[0].function.arguments'],
    ['messages.2.content.2.tool_use.name', 'messages[3].tool_calls[1].function.name'],
    ['messages.3.content.0.tool_result.content', 'messages[4].content'],
    ['messages.3.content.1.tool_result.content.1.image.source.base64', 'messages[5].content[1].image_url.url'],
    ['messages.9.content.0', 'messages'],
    ['messages', 'messages'],
    ['system.0.text', 'messages[0].content'],
    ['tools.0.custom.input_schema.type', 'tools[1].function.parameters'],
    ['tools.0.custom.name', 'tools[1].function.name'],
    ['tools', 'tools'],
    ['max_tokens', 'max_completion_tokens'],
    ['thinking.enabled.budget_tokens', 'reasoning_effort'],
    ['output_config.effort', 'reasoning_effort'],
    ['output_config.format.schema', 'response_format.json_schema.schema'],
    ['stop_sequences', 'stop'],
    ['metadata.user_id', 'user'],
    ['tool_choice', 'tool_choice'],
  ])('%s names %s', (place, param) => {
    expect(told(`${place}: It is wrong: so.`)).toMatchObject({
      code: 'upstream_invalid_request',
      param,
      message: `Invalid value for '${param}': It is wrong: so.`,
    });
  });

  test.each(['prompt is too long: 3 tokens', 'Bad request', 'betas.0: is wrong'])(
    'nothing that the caller wrote stays as it is: %s',
    (message) => {
      expect(told(message)).toMatchObject({ message, param: undefined });
    },
  );

  test('something else than the request stays as it is', () => {
    expect(told('messages.0: broke', 'upstream_error')).toMatchObject({ message: 'messages.0: broke' });
  });

  test('a legacy call names it', () => {
    const { callersField } = openAiChat.parse(
      {
        model: 'm',
        functions: [{ name: 'f' }],
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
          { role: 'function', name: 'f', content: 'r' },
        ],
      },
      contextOf(),
    );
    expect(callersField?.(['messages', '1', 'content', '0', 'tool_use', 'input'])).toEqual([
      'messages',
      1,
      'function_call',
      'arguments',
    ]);
    expect(callersField?.(['tools', '0', 'custom', 'input_schema'])).toEqual(['functions', 0, 'parameters']);
  });
});

describe('an error about a shape of another API', () => {
  const png = 'iVBORw0KGgo=';
  const mixed = {
    model: 'm',
    system: 's',
    tools: [
      { name: 'bare', input_schema: { type: 'object' } },
      { type: 'function', name: 'flat' },
      { type: 'custom', custom: { name: 'raw' } },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
          { type: 'input_image', image_url: `data:image/png;base64,${png}` },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'bare', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'r' }] },
      { type: 'function_call', call_id: 'b', name: 'flat', arguments: '{}' },
      { type: 'function_call_output', call_id: 'b', output: 'r' },
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'raw', input: 'x' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'r' },
    ],
  };

  test.each([
    ['system.0.text', 'system'],
    ['messages.0.content.0.image.source.base64', 'messages[0].content[0].source'],
    ['messages.0.content.1.image.source', 'messages[0].content[1].image_url'],
    ['messages.1.content.0.tool_use.input', 'messages[1].content[0].input'],
    ['messages.2.content.0.tool_result.content', 'messages[2].content[0].content'],
    ['messages.3.content.0.tool_use.input', 'messages[3].arguments'],
    ['messages.3.content.0.tool_use.id', 'messages[3].call_id'],
    ['messages.4.content.0.tool_result.content', 'messages[4].output'],
    ['messages.5.content.0.tool_use.name', 'messages[5].tool_calls[0].custom.name'],
    ['tools.0.input_schema.type', 'tools[0].input_schema'],
    ['tools.0.custom.input_schema', 'tools[0].input_schema'],
    ['tools.1.input_schema', 'tools[1].parameters'],
    ['tools.1', 'tools[1]'],
    ['tools.2.description', 'tools[2].custom.description'],
  ])('%s names %s', (place, param) => {
    const { callersField } = openAiChat.parse(mixed, contextOf());
    expect(withCallersField(new TurnError('upstream_invalid_request', `${place}: so.`), callersField)).toMatchObject({
      param,
    });
  });
});
