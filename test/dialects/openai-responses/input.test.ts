import { brokenInput } from '../../../src/turn/broken-input.ts';
import { describe, expect, it, test } from 'vitest';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { encryptBlocks } from '../../../src/dialects/openai-responses/encrypted-blocks.ts';
import { textCipher } from '../../../src/util/text-cipher.ts';
import { contextOf, failure } from '../support.ts';
import { call, messagesOf, output, parse, result, use, user } from './support.ts';

const hi = { role: 'user', content: 'hi' };
const png = 'data:image/png;base64,iVBORw0KGgo=';

describe('messages', () => {
  it.each([
    ['a text', 'hi', [user('hi')]],
    ['a message without a type', [{ role: 'user', content: 'hi' }], [user('hi')]],
    ['with a type', [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }], [user('hi')]],
    [
      'with id and status',
      [{ type: 'message', id: 'msg_1', status: 'completed', role: 'user', content: 'hi' }],
      [user('hi')],
    ],
    [
      'parts of a user',
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', image_url: png, detail: 'auto' },
            { type: 'input_image', image_url: 'https://example.com/a.png' },
            { type: 'input_file', file_data: 'data:text/plain;base64,aGk=', filename: 'a.txt' },
            { type: 'input_file', file_url: 'https://example.com/a.pdf' },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' }, title: 'a.txt' },
            { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
          ],
        },
      ],
    ],
    [
      'what the assistant said, in two items and with extra members',
      [
        hi,
        { role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [], logprobs: [] }] },
        { type: 'message', id: 'msg_2', role: 'assistant', phase: 'final_answer', content: 'b' },
        hi,
      ],
      [
        user('hi'),
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        user('hi'),
      ],
    ],
    [
      'a refusal',
      [hi, { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] }, hi],
      [user('hi'), { role: 'assistant', content: [{ type: 'text', text: 'no' }] }, user('hi')],
    ],
    [
      'text without a visible character',
      [hi, { role: 'user', content: ' ' }, { role: 'user', content: null }],
      [user('hi')],
    ],
  ])('%s', (_, input, expected) => {
    expect(messagesOf(input)).toEqual(expected);
  });

  it('leading system and developer messages follow the instructions as system blocks', () => {
    const { request } = parse({
      instructions: 'be brief',
      input: [
        { role: 'developer', content: 'one' },
        { role: 'system', content: [{ type: 'input_text', text: 'two' }] },
        hi,
      ],
    });
    expect(request.system).toEqual([
      { type: 'text', text: 'be brief' },
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ]);
  });

  it('a later one stays where the model takes it, and is told as emulated where it does not', () => {
    const input = [hi, { role: 'developer', content: 'mid' }];
    const takes = parse({ input }, { engine: 'anthropic-api', abilities: { systemMessages: true } });
    expect(takes.request.messages).toEqual([user('hi'), { role: 'system', content: [{ type: 'text', text: 'mid' }] }]);
    const not = parse({ input });
    expect(not.request.messages).toMatchObject([
      { role: 'user', content: [{ text: 'hi' }, { text: '<system-reminder>\nmid\n</system-reminder>' }] },
    ]);
    expect([takes.report.emulated, not.report.emulated]).toEqual([[], ['input']]);
  });

  it('only instructions and developer messages are sent as the user’s', () => {
    expect(parse({ input: [{ role: 'developer', content: 'go' }] }).request).toMatchObject({ messages: [user('go')] });
  });

  it('a last message of the assistant is continued where that is possible', () => {
    const input = [hi, { role: 'assistant', content: 'so far ' }];
    expect(parse({ input }, { engine: 'anthropic-api' }).request.messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'so far' }],
    });
    expect(failure(() => parse({ input }))).toMatchObject({ code: 'invalid_request', param: 'input' });
  });
});

describe('calls and their outputs', () => {
  it.each([
    [
      'one',
      [hi, call('c1'), output('c1'), hi],
      [user('hi'), { role: 'assistant', content: [use('c1')] }, { role: 'user', content: [result('c1')] }, user('hi')],
    ],
    [
      'two at once',
      [hi, call('c1'), call('c2'), output('c2', 'two'), output('c1', 'one')],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1'), use('c2')] },
        { role: 'user', content: [result('c1', 'one'), result('c2', 'two')] },
      ],
    ],
    [
      'one after the other',
      [hi, call('c1'), output('c1'), call('c2'), output('c2')],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1')] },
        { role: 'user', content: [result('c1')] },
        { role: 'assistant', content: [use('c2')] },
        { role: 'user', content: [result('c2')] },
      ],
    ],
    [
      'with a message of the user between call and output',
      [hi, call('c1'), { role: 'user', content: 'wait' }, output('c1')],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1')] },
        { role: 'user', content: [result('c1')] },
        user('wait'),
      ],
    ],
    [
      'the same id in two steps',
      [hi, call('call_1'), output('call_1', 'a'), call('call_1'), output('call_1', 'b')],
      [
        user('hi'),
        { role: 'assistant', content: [use('call_1')] },
        { role: 'user', content: [result('call_1', 'a')] },
        { role: 'assistant', content: [use('call_1__2')] },
        { role: 'user', content: [result('call_1__2', 'b')] },
      ],
    ],
    [
      'text before the call',
      [
        hi,
        { role: 'assistant', content: 'let me see' },
        { ...call('c1', 'f', { a: 1 }), id: 'fc_1', status: 'completed' },
        { ...output('c1'), status: 'completed' },
      ],
      [
        user('hi'),
        { role: 'assistant', content: [{ type: 'text', text: 'let me see' }, use('c1', 'f', { a: 1 })] },
        { role: 'user', content: [result('c1')] },
      ],
    ],
    [
      'an empty argument text',
      [hi, { type: 'function_call', call_id: 'c1', name: 'f', arguments: '' }, output('c1', '')],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1')] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1' }] },
      ],
    ],
    [
      'parts in the output',
      [
        hi,
        call('c1'),
        output('c1', [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: png },
        ]),
      ],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1')] },
        {
          role: 'user',
          content: [
            result('c1', [
              { type: 'text', text: 'a' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            ]),
          ],
        },
      ],
    ],
    [
      'a custom tool',
      [
        hi,
        { type: 'custom_tool_call', call_id: 'c1', name: 'apply_patch', input: '*** Begin' },
        { type: 'custom_tool_call_output', call_id: 'c1', output: 'done' },
      ],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1', 'apply_patch', { input: '*** Begin' })] },
        { role: 'user', content: [result('c1', 'done')] },
      ],
    ],
    [
      'a tool in a namespace, offered or not',
      [hi, { ...call('c1', 'search'), namespace: 'mcp__docs' }, output('c1')],
      [
        user('hi'),
        { role: 'assistant', content: [use('c1', 'mcp__docs__search')] },
        { role: 'user', content: [result('c1')] },
      ],
    ],
  ])('%s', (_, input, expected) => {
    expect(messagesOf(input)).toEqual(expected);
  });

  it.each([
    ['a call without output', [hi, call('c1')], 'No tool output found for function call c1.', 'input'],
    [
      'an output without call',
      [hi, output('c9')],
      'No tool call found for function call output with call_id c9.',
      'input[1].call_id',
    ],
    [
      'an image of the assistant',
      [hi, { role: 'assistant', content: [{ type: 'input_image', image_url: png }] }],
      "Invalid value for 'input[1].content[0].type': only a user's message can have 'input_image'.",
      'input[1].content[0].type',
    ],
    [
      'a bad image, which Codex then leaves out',
      [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }],
      undefined,
      'input[0].content[0].image_url',
    ],
    [
      'an image by id',
      [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }],
      undefined,
      'input[0].content[0].file_id',
    ],
    ['audio', [{ role: 'user', content: [{ type: 'input_audio' }] }], undefined, 'input[0].content[0]'],
    ['a reference to nothing', [{ type: 'item_reference', id: 'msg_x_0' }], undefined, 'input[0].id'],
    ['a reference without a type', [{ id: 'msg_x_0' }], undefined, 'input[0].id'],
    ['nothing', [], undefined, 'input'],
    ['no input', undefined, "Invalid value for 'input': this field is required.", 'input'],
    ['a role that does not exist', [{ role: 'tool', content: 'x' }], undefined, 'input[0].role'],
    [
      'a part that does not exist',
      [{ role: 'user', content: [{ type: 'input_video' }] }],
      undefined,
      'input[0].content[0].type',
    ],
  ])('%s is refused by name', (_, input, message, param) => {
    const error = failure(() => parse({ input }));
    expect(error.param).toBe(param);
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it('arguments that are no object, as a cut answer leaves them, are kept and told', () => {
    const json = '{"a":';
    const { request, report } = parse({ input: [hi, { ...call('c1'), arguments: json }, output('c1')] });
    expect(request.messages[1]).toEqual({ role: 'assistant', content: [use('c1', 'f', brokenInput(json))] });
    expect(report.emulated).toEqual(['input']);
  });

  it('items of other tools are left out and told', () => {
    const { request, report } = parse({
      input: [hi, { type: 'local_shell_call', id: 'x', call_id: 'c' }, { type: 'mcp_list_tools' }],
    });
    expect([request.messages, report.ignored]).toEqual([[user('hi')], ['input[].type']]);
  });

  it('tools that come with the items are offered', () => {
    const input = [hi, { type: 'additional_tools', role: 'developer', tools: [{ type: 'function', name: 'late' }] }];
    expect(parse({ input }).request.tools).toMatchObject([{ name: 'late' }]);
  });
});

describe('encrypted content', () => {
  const cipher = contextOf().cipher;
  const thinking = { type: 'thinking', thinking: 'hm', signature: 'c2ln' };
  const encrypt = (blocks: readonly object[]) => (cipher === undefined ? '' : encryptBlocks(cipher, blocks));
  const reasoning = (encrypted_content: unknown) => ({
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'hm' }],
    encrypted_content,
  });

  it('is Claude’s thinking again, exactly and in its place', () => {
    const redacted = { type: 'redacted_thinking', data: 'eHh4' };
    const input = [hi, reasoning(encrypt([thinking])), reasoning(encrypt([redacted])), call('c1'), output('c1')];
    expect(messagesOf(input)[1]).toEqual({ role: 'assistant', content: [thinking, redacted, use('c1')] });
  });

  const own = encrypt([thinking]);
  it.each([
    ['changed', own.replace(/.$/u, (last) => (last === 'A' ? 'B' : 'A')), ['input[].encrypted_content']],
    [
      'of another server',
      encryptBlocks(textCipher('another secret', 'test'), [thinking]),
      ['input[].encrypted_content'],
    ],
    ['of OpenAI', 'gAAAAABo_not_ours', ['input[].encrypted_content']],
    ['short', 'AQ==', ['input[].encrypted_content']],
    ['empty', '', []],
    ['null', null, []],
    ['absent', undefined, []],
  ])('%s: the item is left out', (_, encrypted, ignored) => {
    const { request, report } = parse({ input: [hi, reasoning(encrypted), call('c1'), output('c1')] });
    expect(request.messages[1]).toEqual({ role: 'assistant', content: [use('c1')] });
    expect(report.ignored).toEqual(ignored);
  });

  it('thinking after which nothing was said is left out: the API refuses it', () => {
    const { request, report } = parse({ input: [hi, reasoning(own), hi] });
    expect([request.messages, report.ignored]).toEqual([[user('hi'), user('hi')], ['input[].encrypted_content']]);
  });

  it('a search comes back with its results', () => {
    const search = [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [{ type: 'web_search_result', url: 'u', title: 't', encrypted_content: 'e', page_age: null }],
      },
    ];
    const input = [
      hi,
      {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: { type: 'search', query: 'x' },
        encrypted_content: encrypt(search),
      },
      { role: 'assistant', content: 'found' },
      hi,
    ];
    expect(messagesOf(input)[1]).toEqual({ role: 'assistant', content: [...search, { type: 'text', text: 'found' }] });
    const bare = [
      hi,
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { role: 'assistant', content: 'found' },
      hi,
    ];
    expect(messagesOf(bare)[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'found' }] });
  });
});

describe('stored responses', () => {
  const stored = (id: string, previousId: string | undefined, text: string) => ({
    id,
    previousId,
    input: [{ type: 'message', role: 'user', content: `ask ${text}` }],
    response: {
      id,
      output: [
        {
          type: 'message',
          id: `msg_${id.slice(5)}_0`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: `say ${text}`, annotations: [] }],
        },
      ],
    },
  });
  const context = {
    ...contextOf(),
    stored: new Map(
      [stored('resp_a', undefined, 'one'), stored('resp_b', 'resp_a', 'two')].map((one) => [one.id, one]),
    ),
  };
  const said = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }] });

  it('previous_response_id brings the conversation, oldest first', () => {
    const { request, answer } = openAiResponses.parse(
      { model: 'm', input: 'three', previous_response_id: 'resp_b' },
      context,
    );
    expect(request.messages).toEqual([
      user('ask one'),
      said('say one'),
      user('ask two'),
      said('say two'),
      user('three'),
    ]);
    expect(answer.echo).toMatchObject({ store: true, previous_response_id: 'resp_b' });
  });

  it('an item_reference is what it stands for', () => {
    const input = [hi, { type: 'item_reference', id: 'msg_a_0' }, hi];
    expect(openAiResponses.parse({ model: 'm', input }, context).request.messages).toEqual([
      user('hi'),
      said('say one'),
      user('hi'),
    ]);
  });

  test('one that is not there is refused by name', () => {
    const error = failure(() =>
      openAiResponses.parse({ model: 'm', input: 'x', previous_response_id: 'resp_x' }, context),
    );
    expect(error).toMatchObject({
      code: 'previous_response_not_found',
      param: 'previous_response_id',
      message: "Previous response with id 'resp_x' not found.",
    });
    expect(failure(() => parse({ input: 'x', previous_response_id: 'resp_x' })).code).toBe(
      'previous_response_not_found',
    );
  });

  test('without a store nothing is stored, and who asks for it is told', () => {
    expect(parse({ input: 'x' })).toMatchObject({ report: { ignored: [] }, answer: { echo: { store: false } } });
    expect(parse({ input: 'x', store: true }).report.ignored).toEqual(['store']);
    expect(openAiResponses.parse({ model: 'm', input: 'x', store: false }, context).answer.echo.store).toBe(false);
  });
});
