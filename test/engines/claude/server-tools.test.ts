/** Tools that run at the API: Claude Code passes them on, and what they found stays in the conversation. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DemoBlock } from '../../../src/demo/answer.ts';
import { isStreamEvent } from '../../../src/turn/events.ts';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { goOn } from './ends-support.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, ways, type Lab } from './support.ts';

const search: Tool = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 };
const read: Tool = { name: 'read', input_schema: { type: 'object' } };
const question: Message[] = [{ role: 'user', content: 'What is new?' }];
const found = {
  type: 'web_search_result',
  url: 'https://x.test',
  title: 'X',
  encrypted_content: 'secret',
  page_age: null,
};
const searched: DemoBlock[] = [
  { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'what is new' } },
  { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [found] as never },
];
const cited: DemoBlock = {
  type: 'text',
  text: 'X is new.',
  citations: [
    {
      type: 'web_search_result_location',
      url: 'https://x.test',
      title: 'X',
      encrypted_index: 'i',
      cited_text: 'new',
    },
  ],
};

describe.each(ways)('server tools ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ recycle });
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  it('reach the API as they are, beside the tools of the client; what they did comes out block by block, and is counted', async () => {
    const usage = { server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } };
    lab.upstream.enqueue({ content: [...searched, cited], usage });
    const ran = await run(lab, turnOf({ messages: question, tools: [search, read] }));
    expect(sentBody(lab)['tools']).toEqual([search, read]);
    expect(ran.message.content.map(({ type }) => type)).toEqual(['server_tool_use', 'web_search_tool_result', 'text']);
    expect(ran.message.content[0]).toMatchObject({ input: { query: 'what is new' } });
    expect(ran.message.content[2]).toMatchObject({ citations: [{ encrypted_index: 'i' }] });
    expect(ran.message.usage).toMatchObject(usage);
    expect(ran.events.filter(isStreamEvent).at(-1)?.type).toBe('message_stop');

    const messages = goOn(question, ran, 'And then?');
    const next = await run(lab, turnOf({ messages, tools: [search, read] }));
    expect(next.strategy).toBe('continue');
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('in a history that no process holds stay what they were', async () => {
    const messages: Message[] = [
      ...question,
      { role: 'assistant', content: [...searched, cited] as never },
      { role: 'user', content: 'And then?' },
    ];
    const ran = await run(lab, turnOf({ messages, tools: [search] }, 'somebody else'));
    expect(ran.strategy).not.toBe('continue');
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('a paused turn goes on when its answer is sent back', async () => {
    lab.upstream.enqueue({ content: searched, stopReason: 'pause_turn' });
    const ran = await run(lab, turnOf({ messages: question, tools: [search] }));
    expect(ran.message.stop_reason).toBe('pause_turn');
    const messages: Message[] = [...question, { role: 'assistant', content: ran.message.content }];
    lab.upstream.enqueue({ content: [cited] });
    const next = await run(lab, turnOf({ messages, tools: [search] }));
    expect(next.text).toBe('X is new.');
    expect(next.events[0]).toMatchObject({ notice: { kind: 'strategy', adjusted: ['messages'] } });
    expect((sentMessages(lab) as unknown[]).slice(0, -1)).toEqual(plain(messages));
    expect(JSON.stringify((sentMessages(lab) as unknown[]).at(-1))).toContain('Go on with it');
  });

  it('beside a call of the client, which waits as ever', async () => {
    lab.upstream.enqueue({ content: [...searched, { type: 'tool_use', name: 'read', input: {}, id: 'toolu_9' }] });
    const ran = await run(lab, turnOf({ messages: question, tools: [search, read] }));
    expect(ran.calls.map(({ id }) => id)).toEqual(['toolu_9']);
    const messages = goOn(question, ran, [{ type: 'tool_result', tool_use_id: 'toolu_9', content: 'done' }]);
    const next = await run(lab, turnOf({ messages, tools: [search, read] }));
    expect(next.strategy).toBe('answer');
    expect(sentMessages(lab)).toEqual(plain(messages));
  });
});
