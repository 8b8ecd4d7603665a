/** Claude's own web search: asked for by Chat Completions, offered by Messages, left out where an engine has none. */
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import type { StreamEvent, TurnEvent } from '../../src/turn/events.ts';
import type { AnswerMessage } from '../../src/turn/turn.ts';
import { collect, contextOf, eventsOf, failure, messageOf, streamOf, textBlock } from './support.ts';

const user = { role: 'user', content: 'x' };
/** Whichever engine has server tools, and one that has none. */
const base = contextOf({ engine: 'anthropic-api' });
const able = { ...base, engine: { ...base.engine, abilities: { ...base.engine.abilities, serverTools: true } } };
const unable = { ...base, engine: { name: 'toy', abilities: { ...base.engine.abilities, serverTools: false } } };

describe('web_search_options', () => {
  const parse = (body: object, context = able) => openAiChat.parse({ model: 'm', messages: [user], ...body }, context);
  const search = { type: 'web_search_20250305', name: 'web_search' };
  const fn = (name: string) => ({ type: 'function', function: { name } });

  test('become the search tool, beside functions or alone', () => {
    const near = { type: 'approximate', approximate: { city: 'Prague', country: 'CZ', region: null } };
    expect(parse({ web_search_options: { user_location: near } }).request.tools).toEqual([
      { ...search, user_location: { type: 'approximate', city: 'Prague', country: 'CZ' } },
    ]);
    const both = parse({ web_search_options: { search_context_size: 'low' }, tools: [fn('f')], tool_choice: 'auto' });
    expect(both.request.tools).toMatchObject([{ name: 'f' }, search]);
    expect(both.report.ignored).toEqual(['web_search_options.search_context_size']);
    expect(parse({ web_search_options: {}, tool_choice: 'none' }).request.tool_choice).toEqual({ type: 'none' });
  });

  test('are ignored where the name is taken or the engine has no search', () => {
    const taken = parse({ web_search_options: {}, tools: [fn('web_search')] });
    expect([taken.request.tools, taken.report.ignored]).toMatchObject([
      [{ name: 'web_search', input_schema: {} }],
      ['web_search_options'],
    ]);
    const none = parse({ web_search_options: {} }, unable);
    expect([none.request.tools, none.report.ignored]).toEqual([undefined, ['web_search_options']]);
  });
});

describe('an answer with pages', () => {
  const page = (url: string, title: string | null) =>
    ({ type: 'web_search_result_location', url, title, cited_text: 'c', encrypted_index: 'e' }) as const;
  const cited = (text: string, ...citations: ReturnType<typeof page>[]): AnswerMessage['content'][number] => ({
    type: 'text',
    text,
    citations,
  });
  const blocks = [
    textBlock('I look. '),
    { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: 'q' }, caller: { type: 'direct' } },
    { type: 'web_search_tool_result', tool_use_id: 'srv_1', content: [], caller: { type: 'direct' } },
    cited('Sunny', page('https://a.example', 'A'), page('https://b.example', null)),
    textBlock('.'),
  ] as AnswerMessage['content'];
  const citation = (url: string, title: string) => ({
    type: 'url_citation',
    url_citation: { start_index: 8, end_index: 13, url, title },
  });
  const annotations = [citation('https://a.example', 'A'), citation('https://b.example', '')];
  const parsed = openAiChat.parse({ model: 'm', messages: [user], web_search_options: {} }, able);

  test('has them as annotations over its text', () => {
    expect(openAiChat.render(messageOf(blocks), parsed)).toMatchObject({
      choices: [{ message: { content: 'I look. Sunny.', annotations }, finish_reason: 'stop' }],
    });
    const plain = openAiChat.render(messageOf([textBlock('x')]), parsed) as { choices: [{ message: object }] };
    expect(plain.choices[0].message).not.toHaveProperty('annotations');
  });

  test('streams them behind the text that rests on them', async () => {
    // The API sends a citation as a delta, before or between those of the text.
    const events = eventsOf(messageOf(blocks)).flatMap((event): StreamEvent[] => {
      if (event.type !== 'content_block_start' || event.content_block.type !== 'text') return [event];
      const { citations, ...block } = event.content_block;
      return [
        { ...event, content_block: { ...block, citations: null } },
        ...(citations ?? []).map((each): StreamEvent => ({
          type: 'content_block_delta',
          index: event.index,
          delta: { type: 'citations_delta', citation: each },
        })),
      ];
    });
    const frames = await collect(openAiChat.stream(streamOf<TurnEvent>(events), parsed));
    const deltas = frames.flatMap((frame) =>
      'data' in frame && frame.data !== '[DONE]'
        ? (JSON.parse(frame.data) as { choices: { delta: Record<string, unknown> }[] }).choices.map(
            ({ delta }) => delta,
          )
        : [],
    );
    expect(deltas.filter((delta) => 'annotations' in delta)).toEqual([{ annotations }]);
    expect(deltas.map(({ content }) => (typeof content === 'string' ? content : '')).join('')).toBe('I look. Sunny.');
    expect(deltas.findIndex((delta) => 'annotations' in delta)).toBe(
      deltas.findIndex(({ content }) => content === 'Sunny') + 1,
    );
    expect(JSON.stringify(deltas)).not.toContain('tool_calls');
  });

  test('goes through Messages as it is, with what the searches cost', async () => {
    const usage = { ...messageOf([]).usage, server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 } };
    const asked = anthropicMessages.parse({ model: 'm', max_tokens: 9, messages: [user] }, able);
    const whole = messageOf(blocks, { usage, stop_reason: 'pause_turn' });
    expect(anthropicMessages.render(whole, asked)).toEqual(whole);
    const events = eventsOf(whole);
    const frames = await collect(anthropicMessages.stream(streamOf<TurnEvent>(events), asked));
    const sent = frames.flatMap((frame) => ('data' in frame ? [JSON.parse(frame.data) as { type: string }] : []));
    expect(sent.filter(({ type }) => type !== 'ping')).toEqual(events);
  });
});

describe('tools of the API on an engine without them', () => {
  const search = { type: 'web_search_20250305', name: 'web_search' };
  const own = { name: 'f', input_schema: { type: 'object' } };
  const parse = (body: object, context = unable) =>
    anthropicMessages.parse({ model: 'm', max_tokens: 9, messages: [user], ...body }, context);

  test.each([
    [{ tools: [own, search], tool_choice: { type: 'any' } }, [own], { type: 'any' }, ['tools[1]']],
    [{ tools: [search, own] }, [own], undefined, ['tools[0]']],
    [{ tools: [search], tool_choice: { type: 'auto' } }, undefined, undefined, ['tools[0]']],
    [
      { tools: [own, search], tool_choice: { type: 'tool', name: 'f' } },
      [own],
      { type: 'tool', name: 'f' },
      ['tools[1]'],
    ],
  ])('are left out and told: %j', (body, tools, tool_choice, ignored) => {
    const { request, report } = parse(body);
    expect([request.tools, request.tool_choice, report.ignored]).toEqual([tools, tool_choice, ignored]);
  });

  test.each([
    { tools: [own, search], tool_choice: { type: 'tool', name: 'web_search' } },
    { tools: [search], tool_choice: { type: 'any' } },
  ])('are refused where they are forced: %j', (body) => {
    expect(failure(() => parse(body))).toMatchObject({ code: 'unsupported_parameter', param: 'tool_choice' });
  });

  test('go through where the engine has them', () => {
    expect(parse({ tools: [own, search] }, able).request.tools).toEqual([own, search]);
  });
});
