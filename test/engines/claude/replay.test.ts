import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContentBlock, Message, Tool } from '../../../src/turn/turn.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, ways, type Lab } from './support.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const tools: Tool[] = [
  { name: 'read', description: 'Reads', input_schema: { type: 'object', properties: { path: { type: 'string' } } } },
];
const user = (...content: ContentBlock[]): Message => ({ role: 'user', content });
const assistant = (...content: ContentBlock[]): Message => ({ role: 'assistant', content });
const text = (value: string): ContentBlock => ({ type: 'text', text: value });
const image: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
const thinking = (signature: string): ContentBlock => ({
  type: 'thinking',
  thinking: `thought ${signature}`,
  signature,
});

const step = (id: string, result: ContentBlock): Message[] => [
  assistant(text('Reading'), { type: 'tool_use', id, name: 'read', input: { path: id } }),
  user(result),
];

/** Name, the messages, and whether thinking with a budget is on. */
const histories: [string, Message[], boolean][] = [
  [
    'text with white space, several blocks and an image',
    [user(text('one '), text('  two\n'), image), assistant(text('a1\n\n'), text('a2 ')), user(text('last'))],
    false,
  ],
  [
    'tool calls and results',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r1' }),
      assistant(text('fin')),
      user(text('more')),
    ],
    false,
  ],
  [
    'a tool loop that ends in results, one of them empty',
    [user(text('do')), ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: '' })],
    false,
  ],
  [
    'a large result, and an error',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x'.repeat(500_000), is_error: true }),
    ],
    false,
  ],
  [
    'results with the user speaking in the same message',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }).slice(0, 1),
      user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }, text('and hurry')),
    ],
    false,
  ],
  [
    'slash commands, mentions and shell lines',
    [user(text('/compact')), assistant(text('ok')), user(text('@/etc/hostname\n!ls\n# note'))],
    false,
  ],
  [
    'thinking with its signatures',
    [
      user(text('q')),
      assistant(thinking('s1'), text('a')),
      user(text('q2')),
      assistant(thinking('s2'), text('b')),
      user(text('last')),
    ],
    true,
  ],
  [
    'thinking in finished turns, and an open tool loop without it',
    [
      user(text('q')),
      assistant(thinking('s1'), text('a')),
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }),
    ],
    true,
  ],
  [
    'thinking inside an open tool loop',
    [
      user(text('do')),
      assistant(thinking('s1'), text('Look'), { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} }),
      user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r1' }),
      assistant(
        { type: 'redacted_thinking', data: 'c2VjcmV0' },
        { type: 'tool_use', id: 'toolu_2', name: 'read', input: {} },
      ),
      user({ type: 'tool_result', tool_use_id: 'toolu_2', content: 'r2' }),
    ],
    true,
  ],
  [
    'an answer that is the placeholder of Claude Code',
    [user(text('q')), assistant(text('(no '), text('content)')), user(text('last'))],
    false,
  ],
  [
    'thinking and tools inside finished turns',
    [
      user(text('do')),
      assistant(thinking('s1'), { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} }),
      user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }),
      assistant(text('done')),
      user(text('last')),
    ],
    true,
  ],
];

describe.each(ways)('a history that no process holds arrives as it was sent ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ recycle });
    await lab.engine.warmUp();
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  it.each(histories)('%s', async (name, messages, thinks) => {
    const request = {
      system: `S ${name}`,
      tools,
      thinking: thinks ? ({ type: 'enabled', budget_tokens: 1024 } as const) : ({ type: 'disabled' } as const),
      max_tokens: 4000,
    };
    const ran = await run(lab, turnOf({ ...request, messages }));
    // A process that is not free is not waited for, and one that holds the same first message keeps it.
    expect(recycle ? ['fresh', 'rewind', 'start'] : ['start']).toContain(ran.strategy);
    expect(lab.upstream.messageRequests).toHaveLength(1);
    expect(sentMessages(lab)).toEqual(plain(messages));
    // A budget of thinking is refused where the thinking of an open loop is lost.
    const lost = name.includes('without it');
    expect(sentBody(lab)['thinking']).toMatchObject({ type: thinks && !lost ? 'enabled' : 'disabled' });
    expect(ran.events[0]).toMatchObject({ notice: { kind: 'strategy', ignored: lost ? ['thinking'] : [] } });
    // And the process that took it in goes on with the next turn.
    const more = [...messages, assistant(...ran.message.content), user(text('One more'))];
    const next = await run(lab, turnOf({ ...request, messages: more }));
    expect(next.strategy).toBe('continue');
    expect(sentMessages(lab)).toEqual(plain(more));
  });
});

describe.each(ways)('a server that was left alone for longer than IDLE_TTL ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ idleTtlMs: 0, spares: 0, recycle });
  });
  afterAll(() => lab.close());

  it('keeps two processes, and goes on with every conversation as it was', async () => {
    const talks = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (system) => {
        const messages: Message[] = [{ role: 'user', content: `Hello, ${system} [[slow:20]]` }];
        const ran = await run(lab, turnOf({ system, messages }));
        return { system, messages: [...messages, { role: 'assistant', content: ran.message.content }] as Message[] };
      }),
    );
    await expect
      .poll(() => lab.engine.health().gauges['processes'], { timeout: 30_000, interval: 50 })
      .toBeLessThanOrEqual(2);
    expect(lab.engine.health().ok).toBe(true);
    for (const { system, messages } of talks) {
      const next: Message[] = [...messages, { role: 'user', content: 'And now?' }];
      expect((await run(lab, turnOf({ system, messages: next }))).text).toContain('And now?');
      expect(sentMessages(lab)).toEqual(plain(next));
    }
  });
});

describe.each(ways)('results that come after SUSPEND_TTL ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ suspendTtlMs: 0, spares: 0, recycle });
  });
  afterAll(() => lab.close());

  it('reach the model all the same, from another process, and the one that waited asked nothing more', async () => {
    const question: Message = { role: 'user', content: 'Look [[tool:read {"path":"a"}]] [[then]] [[text:Seen]]' };
    const first = await run(lab, turnOf({ tools, messages: [question] }));
    // The process that is cut serves on; the one that cannot be cut ends.
    await expect
      .poll(() => lab.engine.health().gauges, { timeout: 30_000 })
      .toMatchObject({ sessions_suspended: 0, sessions_running: 0, processes: recycle ? 1 : 0 });
    const messages: Message[] = [
      question,
      { role: 'assistant', content: first.message.content },
      {
        role: 'user',
        content: first.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'late' })),
      },
    ];
    const second = await run(lab, turnOf({ tools, messages }));
    expect([second.strategy, second.text]).toEqual([recycle ? 'fresh' : 'start', 'Seen']);
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(sentMessages(lab)).toEqual(plain(messages));
  });
});
