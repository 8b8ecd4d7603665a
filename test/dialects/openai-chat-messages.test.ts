import { describe, expect, test } from 'vitest';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { nowhere, placeSystemMessages } from '../../src/dialects/system-messages.ts';
import { toExchanges } from '../../src/engines/claude/conversation/exchanges.ts';
import { brokenInput } from '../../src/turn/broken-input.ts';
import type { Message } from '../../src/turn/turn.ts';
import { contextOf, failure } from './support.ts';

const parse = (messages: unknown, engine: 'claude-code' | 'anthropic-api' = 'claude-code') =>
  openAiChat.parse({ model: 'gpt-4o', messages }, contextOf({ engine }));
const canonical = (messages: unknown) => {
  const { system, messages: out } = parse(messages).request;
  return { ...(system === undefined ? {} : { system }), messages: out };
};
const text = (value: string) => ({ type: 'text', text: value });
const reminder = (value: string) => `<system-reminder>\n${value}\n</system-reminder>`;
const user = { role: 'user', content: 'hi' };
const call = (id: string, args = '{"a":1}', name = 'f') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const PNG = 'iVBORw0KGgo=';

describe('roles and contents', () => {
  test.each([
    ['a string', [user], { messages: [{ role: 'user', content: [text('hi')] }] }],
    [
      'parts stay parts',
      [{ role: 'user', content: [text('a'), text('b')] }],
      { messages: [{ role: 'user', content: [text('a'), text('b')] }] },
    ],
    [
      'leading system and developer messages are system blocks, in order',
      [{ role: 'system', content: 'one' }, { role: 'developer', content: [text('two'), text('three')] }, user],
      { system: [text('one'), text('two'), text('three')], messages: [{ role: 'user', content: [text('hi')] }] },
    ],
    [
      'two user messages stay two',
      [user, user],
      {
        messages: [
          { role: 'user', content: [text('hi')] },
          { role: 'user', content: [text('hi')] },
        ],
      },
    ],
    [
      'empty and null contents carry nothing',
      [
        user,
        { role: 'assistant', content: null },
        { role: 'user', content: '' },
        { role: 'system', content: null },
        { role: 'user', content: null },
      ],
      { messages: [{ role: 'user', content: [text('hi')] }] },
    ],
    [
      'text without a visible character is left out',
      [{ role: 'user', content: [text(' \n'), text(' x ')] }],
      { messages: [{ role: 'user', content: [text(' x ')] }] },
    ],
    [
      'a refusal is text',
      [user, { role: 'assistant', content: null, refusal: 'no' }, user],
      {
        messages: [
          { role: 'user', content: [text('hi')] },
          { role: 'assistant', content: [text('no')] },
          { role: 'user', content: [text('hi')] },
        ],
      },
    ],
    [
      'assistant parts with extra keys, as the Agents SDK sends them',
      [
        user,
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'a', role: 'assistant', refusal: null },
            { type: 'refusal', refusal: 'b' },
          ],
        },
        user,
      ],
      {
        messages: [
          { role: 'user', content: [text('hi')] },
          { role: 'assistant', content: [text('a'), text('b')] },
          { role: 'user', content: [text('hi')] },
        ],
      },
    ],
    [
      'reasoning sent back is not passed on',
      [user, { role: 'assistant', content: 'a', reasoning_content: 'hm' }, user],
      {
        messages: [
          { role: 'user', content: [text('hi')] },
          { role: 'assistant', content: [text('a')] },
          { role: 'user', content: [text('hi')] },
        ],
      },
    ],
  ])('%s', (_, messages, expected) => {
    expect(canonical(messages)).toEqual(expected);
  });

  test.each([
    [
      'no place for it: joins the user’s, in order',
      undefined,
      [user, { role: 'assistant', content: 'yes' }, { role: 'developer', content: 'be brief' }, user],
      [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [text('yes')] },
        { role: 'user', content: [text(reminder('be brief')), text('hi')] },
      ],
      ['messages'],
    ],
    [
      'the same on a model that takes it elsewhere',
      { systemMessages: true },
      [user, { role: 'assistant', content: 'yes' }, { role: 'system', content: 'be brief' }, user],
      [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [text('yes')] },
        { role: 'user', content: [text(reminder('be brief')), text('hi')] },
      ],
      ['messages'],
    ],
    [
      'behind the user’s at the end, where the model takes it',
      { systemMessages: true },
      [user, { role: 'system', content: 'a' }, { role: 'developer', content: 'b' }],
      [
        { role: 'user', content: [text('hi')] },
        { role: 'system', content: [text('a'), text('b')] },
      ],
      [],
    ],
    [
      'behind tool results',
      undefined,
      [
        user,
        { role: 'assistant', tool_calls: [call('c')] },
        { role: 'tool', tool_call_id: 'c', content: 'r' },
        { role: 'system', content: 'a' },
      ],
      [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'r' }, text(reminder('a'))] },
      ],
      ['messages'],
    ],
    [
      'behind the assistant’s: Claude answers it, and continues nothing',
      { prefill: false },
      [user, { role: 'assistant', content: 'yes' }, { role: 'system', content: 'a' }],
      [
        { role: 'user', content: [text('hi')] },
        { role: 'assistant', content: [text('yes')] },
        { role: 'user', content: [text(reminder('a'))] },
      ],
      ['messages'],
    ],
  ])('a later system message, %s', (_, abilities, messages, expected, emulated) => {
    const { request, report } = openAiChat.parse(
      { model: 'gpt-4o', messages },
      contextOf({ engine: 'anthropic-api', ...(abilities && { abilities }) }),
    );
    expect([request.messages, report.emulated]).toEqual([expected, emulated]);
  });

  test('the words are those of the engine claude-code, which marks what reaches it unmarked', () => {
    const messages: Message[] = [
      { role: 'user', content: 'hi' },
      { role: 'system', content: 'a' },
      { role: 'user', content: [{ type: 'text', text: 'b' }] },
    ];
    expect(placeSystemMessages(messages, nowhere).messages).toEqual(toExchanges(messages));
  });

  test('an assistant message to be continued loses the white space at its end, which the API refuses', () => {
    const { request, report } = parse(
      [user, { role: 'assistant', content: [text('a '), text('The \n')] }],
      'anthropic-api',
    );
    expect(request.messages[1]).toEqual({ role: 'assistant', content: [text('a '), text('The')] });
    expect(report.emulated).toEqual(['messages']);
  });

  test('only system messages: the last becomes the user’s, and it is said', () => {
    const { request, report } = parse([
      { role: 'system', content: 'a' },
      { role: 'system', content: 'b' },
    ]);
    expect(request.system).toEqual([text('a')]);
    expect(request.messages).toEqual([{ role: 'user', content: [text('b')] }]);
    expect(report.emulated).toEqual(['messages']);
  });

  test('a name on a user message is ignored and said; on a tool message it is nothing new', () => {
    expect(parse([{ ...user, name: 'ann' }]).report.ignored).toEqual(['messages[].name']);
    expect(
      parse([
        user,
        { role: 'assistant', tool_calls: [call('c')] },
        { role: 'tool', tool_call_id: 'c', content: 'r', name: 'f' },
      ]).report.ignored,
    ).toEqual([]);
  });
});

describe('images and files', () => {
  const part = (value: object) => canonical([{ role: 'user', content: [value] }]).messages[0]?.content[0];
  test.each([
    ['png', `data:image/png;base64,${PNG}`, { type: 'base64', media_type: 'image/png', data: PNG }],
    ['jpg is jpeg', `data:image/jpg;base64,${PNG}`, { type: 'base64', media_type: 'image/jpeg', data: PNG }],
    [
      'parameters and case',
      `DATA:image/WEBP;name=x;base64,${PNG}`,
      { type: 'base64', media_type: 'image/webp', data: PNG },
    ],
    ['a URL', 'https://example.com/a.png', { type: 'url', url: 'https://example.com/a.png' }],
  ])('%s', (_, url, source) => {
    expect(part({ type: 'image_url', image_url: { url, detail: 'auto' } })).toEqual({ type: 'image', source });
  });

  test.each([
    [
      'pdf',
      { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' },
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
    ],
    [
      'text',
      { file_data: `data:text/markdown;charset=utf-8;base64,${Buffer.from('# é').toString('base64')}` },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# é' } },
    ],
  ])('%s', (_, file, expected) => {
    expect(part({ type: 'file', file })).toEqual(expected);
  });

  test.each([
    [
      'a foreign image type',
      { type: 'image_url', image_url: { url: `data:image/tiff;base64,${PNG}` } },
      'messages[0].content[0].image_url.url',
      'invalid_request',
    ],
    [
      'no URL at all',
      { type: 'image_url', image_url: { url: 'cat.png' } },
      'messages[0].content[0].image_url.url',
      'invalid_request',
    ],
    [
      'a data URL without base64',
      { type: 'image_url', image_url: { url: 'data:image/png,abc' } },
      'messages[0].content[0].image_url.url',
      'invalid_request',
    ],
    [
      'a file id',
      { type: 'file', file: { file_id: 'file-1' } },
      'messages[0].content[0].file.file_id',
      'unsupported_parameter',
    ],
    [
      'a file of an unknown kind',
      { type: 'file', file: { file_data: 'data:application/zip;base64,AAAA' } },
      'messages[0].content[0].file.file_data',
      'invalid_request',
    ],
    [
      'text that is not base64',
      { type: 'file', file: { file_data: 'data:text/plain;base64,%%%' } },
      'messages[0].content[0].file.file_data',
      'invalid_request',
    ],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'x', format: 'mp3' } },
      'messages[0].content[0].input_audio',
      'unsupported_parameter',
    ],
  ])('%s is refused by name', (_, value, param, code) => {
    expect(failure(() => part(value))).toMatchObject({ code, param });
  });
});

describe('tool calls', () => {
  const calls = (...ids: string[]) => ({ role: 'assistant', content: null, tool_calls: ids.map((id) => call(id)) });
  const result = (id: string, content: unknown = 'r') => ({ role: 'tool', tool_call_id: id, content });
  const use = (id: string, input: unknown = { a: 1 }) => ({ type: 'tool_use', id, name: 'f', input });

  test('all results of a step are one user message, directly after the calls', () => {
    expect(
      canonical([
        user,
        calls('a', 'b'),
        result('b', ''),
        result('a', [text('x'), { type: 'image_url', image_url: { url: 'https://e.com/i' } }]),
        user,
      ]).messages.slice(1),
    ).toEqual([
      { role: 'assistant', content: [use('a'), use('b')] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'b' },
          {
            type: 'tool_result',
            tool_use_id: 'a',
            content: [text('x'), { type: 'image', source: { type: 'url', url: 'https://e.com/i' } }],
          },
        ],
      },
      { role: 'user', content: [text('hi')] },
    ]);
  });

  test.each(['toolu_01AbC', 'call_123', 'a-b_C'])('the id %s goes through as it is', (id) => {
    expect(canonical([user, calls(id), result(id)]).messages[1]).toEqual({ role: 'assistant', content: [use(id)] });
  });

  test('foreign ids are mapped, each to its own, the same way in every request', () => {
    const idOf = (id: string) => JSON.stringify(canonical([user, calls(id), result(id)]).messages);
    const [one, two] = [idOf('call:1'), idOf('call/1')];
    expect(one).not.toBe(two);
    expect(one).toBe(idOf('call:1'));
    const mapped = /"id":"([^"]+)"/u.exec(one)?.[1] ?? '';
    expect(mapped).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
    expect(one).toContain(`"tool_use_id":"${mapped}"`);
  });

  test('an id used again in a later step becomes another id', () => {
    const { messages } = canonical([user, calls('call_1'), result('call_1'), calls('call_1'), result('call_1')]);
    expect(messages[3]).toEqual({ role: 'assistant', content: [use('call_1__2')] });
    expect(messages[4]?.content).toEqual([{ type: 'tool_result', tool_use_id: 'call_1__2', content: 'r' }]);
  });

  test('empty arguments are an empty object', () => {
    expect(canonical([user, { role: 'assistant', tool_calls: [call('c', '')] }, result('c')]).messages[1]).toEqual({
      role: 'assistant',
      content: [use('c', {})],
    });
  });

  test.each(['{"a":', '[]', '"x"', 'null'])('arguments %s, as a cut answer leaves them, are kept and told', (json) => {
    const { request, report } = parse([user, { role: 'assistant', tool_calls: [call('c', json)] }, result('c')]);
    expect(request.messages[1]?.content).toEqual([use('c', brokenInput(json))]);
    expect(JSON.stringify(request.messages[1])).toContain(`"input":{"INVALID_JSON":${JSON.stringify(json)}}`);
    expect(report.emulated).toEqual(['messages[].tool_calls']);
  });

  test.each([
    ['a result without a call', [user, result('x')], 'messages[1].tool_call_id'],
    ['a result given twice', [user, calls('x'), result('x'), result('x')], 'messages[3].tool_call_id'],
    ['a call without a result', [user, calls('x'), user], 'messages[1]'],
    ['a call without a result at the end', [user, calls('x', 'y'), result('x')], 'messages[2]'],
  ])('%s is refused', (_, messages, param) => {
    expect(failure(() => parse(messages))).toMatchObject({ code: 'invalid_request', param });
  });

  test('the legacy form: function_call and a function message', () => {
    const history = [
      user,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
      { role: 'function', name: 'f', content: 'r' },
    ];
    const { messages } = canonical(history);
    const [block] = messages[1]?.content ?? [];
    expect(block).toMatchObject({ type: 'tool_use', name: 'f', input: { a: 1 } });
    expect(messages[2]?.content).toEqual([
      { type: 'tool_result', tool_use_id: (block as { id: string }).id, content: 'r' },
    ]);
    expect(canonical(history)).toEqual(canonical(history));
  });
});

describe('an assistant message at the end', () => {
  const messages = [user, { role: 'assistant', content: 'The answer is' }];
  test('is continued where engine and model can, and that is said', () => {
    const { request, report } = parse(messages, 'anthropic-api');
    expect(request.messages.at(-1)).toEqual({ role: 'assistant', content: [text('The answer is')] });
    expect(report.emulated).toEqual(['messages']);
  });
  test('is refused elsewhere', () => {
    expect(failure(() => parse(messages))).toMatchObject({ code: 'invalid_request', param: 'messages[1].role' });
  });
});

test.each([
  [
    true,
    'The engine claude-code of this server cannot continue an assistant message (prefill), although the model can.',
  ],
  [false, 'This model does not support assistant message prefill.'],
])('a last message of the assistant, model that can: %s', (prefill, words) => {
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: 'y' },
  ];
  const error = failure(() => openAiChat.parse({ model: 'm', messages }, contextOf({ abilities: { prefill } })));
  expect(error).toMatchObject({ param: 'messages[1].role', message: expect.stringContaining(words) });
});
