import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planReplay } from '../../../src/engines/claude/replay.ts';
import type { Exchange } from '../../../src/engines/claude/history.ts';
import type { ContentBlock, Message, Tool } from '../../../src/turn/turn.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, type Lab } from './support.ts';

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

const exchange = (role: 'user' | 'assistant', ...content: ContentBlock[]): Exchange => ({ role, content });

const step = (id: string, result: ContentBlock): Message[] => [
  assistant(text('Reading'), { type: 'tool_use', id, name: 'read', input: { path: id } }),
  user(result),
];

const histories: [string, string, Message[]][] = [
  [
    'fresh',
    'text with white space, several blocks and an image',
    [user(text('one '), text('  two\n'), image), assistant(text('a1\n\n'), text('a2 ')), user(text('last'))],
  ],
  [
    'fresh',
    'tool calls and results',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r1' }),
      assistant(text('fin')),
      user(text('more')),
    ],
  ],
  [
    'fresh',
    'a tool loop that ends in results, one of them empty',
    [user(text('do')), ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: '' })],
  ],
  [
    'fresh',
    'a large result, and an error',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x'.repeat(500_000), is_error: true }),
    ],
  ],
  [
    'fresh',
    'results with the user speaking in the same message',
    [
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }).slice(0, 1),
      user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }, text('and hurry')),
    ],
  ],
  [
    'fresh',
    'slash commands, mentions and shell lines',
    [user(text('/compact')), assistant(text('ok')), user(text('@/etc/hostname\n!ls\n# note'))],
  ],
  [
    'resume',
    'thinking with its signatures',
    [
      user(text('q')),
      assistant(thinking('s1'), text('a')),
      user(text('q2')),
      assistant(thinking('s2'), text('b')),
      user(text('last')),
    ],
  ],
  [
    'resume',
    'thinking before an open tool loop',
    [
      user(text('q')),
      assistant(thinking('s1'), text('a')),
      user(text('do')),
      ...step('toolu_1', { type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }),
    ],
  ],
  [
    'resume',
    'thinking and tools inside finished turns',
    [
      user(text('do')),
      assistant(thinking('s1'), { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} }),
      user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'r' }),
      assistant(text('done')),
      user(text('last')),
    ],
  ],
];

describe('a history that no process holds arrives as it was sent', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
    await lab.engine.warmUp();
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  it.each(histories)('by %s: %s', async (route, _name, messages) => {
    const ran = await run(
      lab,
      turnOf({
        system: `S ${_name}`,
        messages,
        tools,
        thinking: route === 'resume' ? { type: 'enabled', budget_tokens: 1024 } : { type: 'disabled' },
        max_tokens: 4000,
      }),
    );
    expect(ran.route).toBe(route);
    expect(lab.upstream.messageRequests).toHaveLength(1);
    expect(sentMessages(lab)).toEqual(plain(messages));
    // A budget of thinking is refused where the thinking of an open loop is lost.
    const openLoop = _name.includes('open tool loop');
    expect(sentBody(lab)['thinking']).toMatchObject({ type: route === 'resume' && !openLoop ? 'enabled' : 'disabled' });
    expect(ran.events[0]).toMatchObject({
      notice: { kind: 'strategy', ...(openLoop && route === 'resume' && { ignored: ['thinking'] }) },
    });
    // And the process that took it in goes on with the next turn.
    const more = [...messages, assistant(...ran.message.content), user(text('One more'))];
    const next = await run(
      lab,
      turnOf({
        system: `S ${_name}`,
        messages: more,
        tools,
        thinking: route === 'resume' ? { type: 'enabled', budget_tokens: 1024 } : { type: 'disabled' },
        max_tokens: 4000,
      }),
    );
    expect(next.route).toBe('continue');
    expect(sentMessages(lab)).toEqual(plain(more));
  });
});

describe('the plan of a replay', () => {
  const long = Array.from({ length: 200 }, (_, index) =>
    exchange(index % 2 === 0 ? 'user' : 'assistant', text(`${index}`)),
  );
  it.each<[string, Exchange[], object]>([
    ['nothing', [], { kind: 'first' }],
    ['a short one', long.slice(0, 4), { kind: 'append' }],
    ['a long one', long, { kind: 'resume', resumed: long, appended: [] }],
    [
      'a long one that ends in calls',
      [
        ...long,
        exchange('user', text('do')),
        exchange('assistant', { type: 'tool_use', id: 't', name: 'n', input: {} }),
      ],
      {
        kind: 'resume',
        resumed: long,
        appended: [
          exchange('user', text('do')),
          exchange('assistant', { type: 'tool_use', id: 't', name: 'n', input: {} }),
        ],
      },
    ],
    [
      'only calls',
      [
        exchange('user', text('do')),
        exchange('assistant', thinking('s'), { type: 'tool_use', id: 't', name: 'n', input: {} }),
      ],
      { kind: 'append' },
    ],
  ])('%s', (_name, history, plan) => {
    expect(planReplay(history)).toEqual(plan);
  });
});

describe('results that come after SUSPEND_TTL', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ suspendTtlMs: 0, spares: 0 });
  });
  afterAll(() => lab.close());

  it('reach the model all the same, from another process, and the one that waited asked nothing more', async () => {
    const question: Message = { role: 'user', content: 'Look [[tool:read {"path":"a"}]] [[then]] [[text:Seen]]' };
    const first = await run(lab, turnOf({ tools, messages: [question] }));
    await expect
      .poll(() => lab.engine.health().gauges, { timeout: 30_000 })
      .toMatchObject({ sessions_suspended: 0, ended_idle: 1, processes: 0 });
    const messages: Message[] = [
      question,
      { role: 'assistant', content: first.message.content },
      {
        role: 'user',
        content: first.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'late' })),
      },
    ];
    const second = await run(lab, turnOf({ tools, messages }));
    expect([second.route, second.text]).toEqual(['fresh', 'Seen']);
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(sentMessages(lab)).toEqual(plain(messages));
  });
});
