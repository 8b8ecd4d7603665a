/** Rows of shapes of other APIs in a Chat Completions request. */
import { expect } from 'vitest';
import { image, PNG, text, user, type Case } from './cases.ts';

const bare = (name: string) => ({ name, input_schema: { type: 'object', properties: {} } });
const used = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } };
const rawText = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };
const custom = { type: 'custom', custom: { name: 'patch', description: 'Patches.' } };
/** Custom tools are always told. */
const emulated = ['tools[].custom'];

export const shapeCases: readonly Case[] = [
  { row: 'input', body: { messages: undefined, input: 'hi' }, sent: { messages: [user([text('hi')])] } },
  { row: 'input', body: { input: 'hi' }, ignored: ['input'], sent: {} },
  {
    row: 'include',
    body: { messages: undefined, input: 'hi', include: [] },
    sent: { messages: [user([text('hi')])] },
  },
  {
    row: 'include',
    body: { messages: undefined, input: 'hi', include: ['reasoning.encrypted_content'] },
    ignored: ['include'],
    sent: { messages: [user([text('hi')])] },
  },
  {
    row: 'system',
    body: { system: [text('first')], messages: [{ role: 'system', content: 'second' }, user('q')] },
    sent: { system: 'first\n\nsecond' },
  },
  {
    row: 'messages[].type',
    body: {
      messages: [
        user('q'),
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
        { type: 'function_call', call_id: 'toolu_1', name: 'f', arguments: '{"x":1}' },
        { type: 'custom_tool_call', call_id: 'toolu_2', name: 'patch', input: 'raw' },
        { type: 'function_call_output', call_id: 'toolu_1', output: 'r' },
        { type: 'custom_tool_call_output', call_id: 'toolu_2', output: [{ type: 'input_text', text: 's' }] },
      ],
      tools: [bare('f'), custom],
    },
    emulated,
    sent: {
      messages: [
        user([text('q')]),
        {
          role: 'assistant',
          content: [text('I look.'), used, { type: 'tool_use', id: 'toolu_2', name: 'patch', input: { input: 'raw' } }],
        },
        user([
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('r')] },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: [text('s')] },
        ]),
      ],
    },
  },
  {
    row: 'messages[].type',
    body: { messages: [{ type: 'reasoning', summary: [] }, user('q')] },
    ignored: ['messages[].type'],
    sent: { messages: [user([text('q')])] },
  },
  {
    row: 'messages[].content[].tool_use_id',
    body: {
      messages: [
        user('q'),
        { role: 'assistant', content: [text('I look.'), used] },
        user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r', is_error: true }, text('and now?')]),
      ],
      tools: [bare('f')],
    },
    sent: {
      messages: [
        user([text('q')]),
        { role: 'assistant', content: [text('I look.'), used] },
        user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: [text('r')], is_error: true }, text('and now?')]),
      ],
    },
  },
  {
    row: 'messages[].content[].thinking',
    silent: 'ignored',
    body: {
      messages: [
        user('q'),
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, text('a')] },
        user('r'),
      ],
    },
    sent: { messages: [user([text('q')]), { role: 'assistant', content: [text('a')] }, user([text('r')])] },
  },
  {
    row: 'messages[].content[].source',
    body: {
      messages: [user([image, { type: 'input_image', image_url: `data:image/png;base64,${PNG}` }, text('what?')])],
    },
    sent: { messages: [user([image, image, text('what?')])] },
  },
  {
    row: 'tools[].custom',
    body: {
      tools: [
        {
          type: 'custom',
          custom: {
            ...custom.custom,
            format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
          },
        },
      ],
      tool_choice: { type: 'custom', custom: { name: 'patch' } },
    },
    emulated,
    sent: {
      tools: [
        { name: 'patch', description: expect.stringMatching(/^Patches\.[\s\S]*lark[\s\S]*x/u), input_schema: rawText },
      ],
      tool_choice: { type: 'tool', name: 'patch' },
    },
    shows: /"type":"custom"/,
  },
  {
    row: 'tools[].input_schema',
    body: { tools: [bare('f')], tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    sent: { tools: [bare('f')], tool_choice: { type: 'any', disable_parallel_tool_use: true } },
  },
  {
    row: 'tools[].name',
    body: {
      tools: [
        { type: 'function', name: 'f', parameters: bare('f').input_schema },
        { type: 'custom', name: 'patch' },
      ],
      tool_choice: { type: 'function', name: 'f' },
    },
    emulated,
    sent: { tools: [bare('f'), { name: 'patch', input_schema: rawText }], tool_choice: { type: 'tool', name: 'f' } },
  },
];
