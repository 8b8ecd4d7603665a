/** What reaches the upstream is what the client sent: the places where the CLI would alter it, add to it or refuse it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContentBlock, Message, Tool } from '../../../src/turn/turn.ts';
import { failureOf } from './ends-support.ts';
import { png } from './png.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, ways, type Lab } from './support.ts';

const tools: Tool[] = [{ name: 'read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }];
const user = (content: Message['content']): Message => ({ role: 'user', content });
const assistant = (content: Message['content']): Message => ({ role: 'assistant', content });
const call = (id: string) => ({ type: 'tool_use' as const, id, name: 'read', input: {} });
const idOf = (block: ContentBlock): string => (block.type === 'tool_use' ? block.id : '');
const result = (id: string, content: string | object[] = 'r', more: object = {}) => ({
  type: 'tool_result' as const,
  tool_use_id: id,
  content: content as string,
  ...more,
});

describe.each(ways)('what reaches the upstream ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ maxRetries: 0, recycle });
    await lab.engine.warmUp();
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  const adjustedOf = (events: readonly object[]): unknown =>
    (events[0] as { notice?: { adjusted?: unknown } }).notice?.adjusted;

  it.each([
    ['answer', 'a small image', [png(20, 20)], {}],
    ['anew', 'an image wider than the CLI passes on', [png(2_400, 50)], {}],
    ['anew', 'an image larger than the CLI passes on', [{ type: 'text', text: 'see' }, png(20, 20, 600_000)], {}],
    ['answer', 'an error', 'boom', { is_error: true }],
    ['anew', 'an error with white space around it', '  boom\r\n', { is_error: true }],
    ['answer', 'text with white space around it', '  fine\r\n', {}],
  ] as const)('%s: %s as the result of a call', async (strategy, _, content, more) => {
    const question = user('Look [[tool:read {"path":"a"}]] [[then]] [[text:Seen]]');
    const first = await run(lab, turnOf({ tools, messages: [question] }));
    const messages = [
      question,
      assistant(first.message.content),
      user(first.calls.map(({ id }) => result(id, content as string, more))),
    ];
    const second = await run(lab, turnOf({ tools, messages }));
    const anew = recycle ? 'fresh' : 'start';
    expect([second.strategy, second.text]).toEqual([strategy === 'anew' ? anew : strategy, 'Seen']);
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('a large image in the history, by a transcript', async () => {
    const messages = [
      user([png(2_100, 1_000), { type: 'text', text: 'What is it?' }]),
      assistant('White.'),
      user('Sure?'),
    ];
    const ran = await run(lab, turnOf({ messages }));
    expect([ran.strategy, adjustedOf(ran.events)]).toEqual(['resume', []]);
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('a large image in the newest message is what the CLI makes smaller: the caller is told', async () => {
    const ran = await run(
      lab,
      turnOf({ messages: [user([png(2_100, 1_000), { type: 'text', text: 'What is it?' }])] }),
    );
    expect(adjustedOf(ran.events)).toEqual(['messages']);
    expect(JSON.stringify(sentMessages(lab))).toContain('[Image: original 2100x1000');
  });

  it('a conversation that the CLI takes for too long: the API decides', async () => {
    const messages = [user(`${'word '.repeat(250_000)}[[text:Long]]`)];
    expect((await run(lab, turnOf({ messages }))).text).toBe('Long');
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('a system message in mid-conversation as a reminder of the user: the caller is told', async () => {
    const messages: Message[] = [
      user('One'),
      assistant('Two'),
      { role: 'system', content: 'Be brief.' },
      user('Three'),
    ];
    const ran = await run(lab, turnOf({ messages }));
    expect(adjustedOf(ran.events)).toEqual(['messages']);
    expect(sentMessages(lab)).toEqual(
      plain([
        user('One'),
        assistant('Two'),
        user([
          { type: 'text', text: '<system-reminder>\nBe brief.\n</system-reminder>' },
          { type: 'text', text: 'Three' },
        ]),
      ]),
    );
  });

  it('four breakpoints of the cache at most, also where the caller sets them inside results', async () => {
    const marked = { type: 'text', text: 'r', cache_control: { type: 'ephemeral' } };
    const ids = ['toolu_1', 'toolu_2', 'toolu_3', 'toolu_4', 'toolu_5'];
    await run(
      lab,
      turnOf({
        tools,
        messages: [user('Look'), assistant(ids.map(call)), user(ids.map((id) => result(id, [marked])))],
      }),
    );
    expect(JSON.stringify(sentBody(lab)).split('"cache_control"').length - 1).toBeLessThanOrEqual(4);
  });

  it('no thinking beside a forced call, which the API refuses', async () => {
    await run(
      lab,
      turnOf({ model: 'claude-haiku-5-5', tools, tool_choice: { type: 'any' }, messages: [user('[[tool:read {}]]')] }),
    );
    expect(sentBody(lab)).toMatchObject({ tool_choice: { type: 'any' }, thinking: { type: 'disabled' } });
  });

  it('parameters of each step of a tool loop', async () => {
    const messages: Message[] = [
      user('[[tool:read {}]] [[then]] [[tool:read {}]] [[then]] [[tool:read {}]] [[then]] [[text:Done]]'),
    ];
    for (const tool_choice of [
      { type: 'any' },
      { type: 'tool', name: 'read' },
      { type: 'auto', disable_parallel_tool_use: true },
      { type: 'none' },
    ] as const) {
      const temperature = messages.length / 10;
      const ran = await run(
        lab,
        turnOf({ tools, messages, tool_choice, temperature, max_tokens: 500 + messages.length }),
      );
      if (messages.length > 1) expect(ran.strategy).toBe('answer');
      expect(sentBody(lab)).toMatchObject({ tool_choice, temperature, max_tokens: 500 + messages.length });
      messages.push(assistant(ran.message.content), user(ran.calls.map(({ id }) => result(id))));
    }
    expect(lab.upstream.messageRequests).toHaveLength(4);
  });

  it('no sentence in place of an image that the CLI cannot read: the caller is told where it is', async () => {
    const broken = {
      type: 'image' as const,
      source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'AAAA' },
    };
    const error = await failureOf(run(lab, turnOf({ messages: [user('See'), user([png(10, 10), broken])] })));
    expect(error).toMatchObject({
      code: 'invalid_request',
      param: 'messages.1.content.1.image.source.base64',
      message: expect.stringContaining('Could not process image'),
    });
    expect(lab.upstream.messageRequests).toHaveLength(0);
  });

  it('a call with an argument called INVALID_JSON, which waits for its result like any other', async () => {
    const messages: Message[] = [user('[[tool:read {"INVALID_JSON":"{"}]] [[then]] [[text:Done]]')];
    const first = await run(lab, turnOf({ tools, messages }));
    messages.push(assistant(first.message.content), user(first.calls.map(({ id }) => result(id))));
    expect(await run(lab, turnOf({ tools, messages }))).toMatchObject({ strategy: 'answer', text: 'Done' });
  });

  // Claude Code takes `x_2` beside `x` for a doubled `x` of its own, and loses a result.
  it.each<[string, Message[], string[]]>([
    [
      'in one message',
      [user('a'), assistant([call('x'), call('x_2')]), user([result('x'), result('x_2')])],
      ['x', 'x-2'],
    ],
    [
      'in two steps, the numbered one first',
      [user('a'), assistant([call('x_2')]), user([result('x_2')]), assistant([call('x')]), user([result('x')])],
      ['x-2', 'x'],
    ],
    [
      'beside the id that it would get',
      [
        user('a'),
        assistant([call('x_2'), call('x_2_2'), call('x_2-2')]),
        user([result('x_2'), result('x_2_2'), result('x_2-2')]),
        assistant('b'),
        user('c'),
      ],
      ['x_2', 'x_2-2-', 'x_2-2'],
    ],
    [
      'beside others with numbers only',
      [user('a'), assistant([call('x_1'), call('x_2')]), user([result('x_1'), result('x_2')])],
      ['x_1', 'x_2'],
    ],
  ])('every result, of a call whose id is that of another one with a number: %s', async (_, messages, ids) => {
    await run(lab, turnOf({ tools, messages }));
    const given = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
    const names = new Map(given.filter(({ type }) => type === 'tool_use').map((block, n) => [idOf(block), ids[n]]));
    const sent = JSON.stringify(messages, (key, value: unknown) =>
      key === 'id' || key === 'tool_use_id' ? names.get(value as string) : value,
    );
    expect(sentMessages(lab)).toEqual(plain(JSON.parse(sent)));
  });

  // Claude Code would mend each of them with words of its own.
  it.each<[string, Message[]]>([
    ['`tool_use` ids were found without `tool_result` blocks', [user('a'), assistant([call('t1')]), user('b')]],
    [
      '`tool_use` ids were found without `tool_result` blocks',
      [user('a'), assistant([call('t1'), call('t2')]), user([result('t1')])],
    ],
    [
      'unexpected `tool_use_id` found in `tool_result` blocks: t9',
      [user('a'), assistant([call('t1')]), user([result('t1'), result('t9')])],
    ],
    ['unexpected `tool_use_id` found in `tool_result` blocks: t1', [user([result('t1')])]],
    [
      'messages.3.content.0: `tool_use` ids must be unique',
      [user('a'), assistant([call('t1')]), user([result('t1')]), assistant([call('t1')]), user([result('t1')])],
    ],
    ['user messages must have non-empty content', [user('')]],
    ['user messages must have non-empty content', [user('a'), assistant('b'), user([])]],
    ['text content blocks must contain non-whitespace text', [user(' \n')]],
    ['must end with a message of the user', [user('a'), assistant('b')]],
  ])('nothing, where the API would say: %s', async (words, messages) => {
    const error = await failureOf(run(lab, turnOf({ tools, messages })));
    expect([error.code, error.param]).toEqual([
      'invalid_request',
      expect.stringMatching(/^messages(\.\d)?(\.content\.\d)?$/),
    ]);
    expect(error.message).toContain(words);
    expect(lab.upstream.messageRequests).toHaveLength(0);
  });
});
