/** Tools that the API runs itself, as callers of OpenAI's APIs know them: search and code, streamed or whole. */
import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import type { DemoAnswer, DemoBlock } from '../../src/demo/answer.ts';
import { type Arrived, onEveryEngine, type World } from './set-up.ts';

const model = 'gpt-4o';
const page = {
  type: 'web_search_result' as const,
  url: 'https://x.test',
  title: 'X',
  encrypted_content: 'secret',
  page_age: null,
};
const searched = (query: string, id: string): DemoBlock[] => [
  { type: 'server_tool_use', id, name: 'web_search', input: { query } },
  { type: 'web_search_tool_result', tool_use_id: id, content: [page] },
];
const cited: DemoBlock = {
  type: 'text',
  text: 'X is new.',
  citations: [
    {
      type: 'web_search_result_location',
      url: page.url,
      title: page.title,
      encrypted_index: 'i',
      cited_text: 'new',
    },
  ],
};
const citation = { url: page.url, title: page.title, start_index: 0, end_index: 9 };
const usage = { server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } };
const searchAnswer: DemoAnswer = { content: [...searched('what is new', 'srvtoolu_1'), cited], usage };
const ran: DemoBlock[] = [
  { type: 'server_tool_use', id: 'srvtoolu_2', name: 'code_execution', input: { code: 'print(6 * 7)' } },
  {
    type: 'code_execution_tool_result',
    tool_use_id: 'srvtoolu_2',
    content: { type: 'code_execution_result', stdout: '42\n', stderr: '', return_code: 0, content: [] },
  },
];

const create = async (
  { openai }: World,
  asked: OpenAI.Responses.ResponseCreateParamsNonStreaming,
): Promise<{ whole: OpenAI.Responses.Response; events: readonly OpenAI.Responses.ResponseStreamEvent[] }> => ({
  whole: await openai.responses.create(asked),
  events: await Array.fromAsync(await openai.responses.create({ ...asked, stream: true })),
});

/** The response that a stream ends with, and its types of events without the prefix. */
const endOf = (events: readonly OpenAI.Responses.ResponseStreamEvent[]) => {
  const last = events.at(-1);
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
  return {
    response: last?.type === 'response.completed' ? last.response : undefined,
    types: events.map(({ type }) => type.replace('response.', '')),
  };
};

/** Ids and times are each response's own. */
const withoutIds = (items: readonly object[] | undefined): readonly object[] =>
  JSON.parse(JSON.stringify(items ?? []).replaceAll(/"(ws|ci|msg)_\w+"/gu, '"id"')) as object[];

onEveryEngine('Tools of the API through the OpenAI SDK', (world) => {
  it('web_search searches with Claude, and gives calls and citations', async () => {
    const { openai, upstream, arrived } = world();
    upstream.enqueue(searchAnswer, searchAnswer);
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'What is new?' }];
    const asked = {
      model,
      input,
      tools: [{ type: 'web_search' as const, filters: { allowed_domains: ['x.test'] } }],
      include: ['web_search_call.action.sources' as const, 'reasoning.encrypted_content' as const],
      store: false,
    };
    const { whole, events } = await create(world(), asked);
    expect(whole.output).toMatchObject([
      {
        type: 'web_search_call',
        status: 'completed',
        action: { type: 'search', query: 'what is new', sources: [{ type: 'url', url: 'https://x.test' }] },
      },
      { type: 'message', content: [{ text: 'X is new.', annotations: [{ type: 'url_citation', ...citation }] }] },
    ]);
    const { response, types } = endOf(events);
    expect(response?.output.map(({ type }) => type)).toEqual(whole.output.map(({ type }) => type));
    expect(types.filter((type) => type !== 'output_text.delta')).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'web_search_call.in_progress',
      'web_search_call.searching',
      'web_search_call.completed',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    const [request] = arrived();
    expect(request?.tools).toEqual([{ type: 'web_search_20250305', name: 'web_search', allowed_domains: ['x.test'] }]);

    // The search goes back as Claude made it, results included, although the client keeps everything itself.
    input.push(...(whole.output as OpenAI.Responses.ResponseInputItem[]), { role: 'user', content: '[[text:On]]' });
    expect((await openai.responses.create(asked)).output_text).toBe('On');
    const sent = (arrived().at(-1) as Arrived).messages.find(({ role }) => role === 'assistant');
    expect(sent?.content).toMatchObject([
      { type: 'server_tool_use', id: 'srvtoolu_1', input: { query: 'what is new' } },
      { type: 'web_search_tool_result', content: [{ encrypted_content: 'secret' }] },
      { type: 'text', text: 'X is new.' },
    ]);
  });

  it('a search that is forced is called', async () => {
    const { openai, upstream, arrived } = world();
    upstream.enqueue(searchAnswer);
    const asked = { model, input: 'x', tools: [{ type: 'web_search' as const }] };
    await openai.responses.create({ ...asked, tool_choice: { type: 'web_search_preview' } });
    expect(arrived()[0]?.tool_choice).toEqual({ type: 'tool', name: 'web_search' });
  });

  it('a search that fails is a failed call, and the answer goes on', async () => {
    const { openai, upstream } = world();
    const error = { type: 'web_search_tool_result_error' as const, error_code: 'unavailable' as const };
    const [use] = searched('q', 'srvtoolu_1');
    const result: DemoBlock = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: error };
    upstream.enqueue({ content: [...(use === undefined ? [] : [use]), result, { type: 'text', text: 'No luck' }] });
    const { output, output_text } = await openai.responses.create({
      model,
      input: 'x',
      tools: [{ type: 'web_search' }],
    });
    expect([output[0], output_text]).toMatchObject([{ type: 'web_search_call', status: 'failed' }, 'No luck']);
  });

  it('code_interpreter runs code with Claude, and gives the call and its output', async () => {
    const { upstream, arrived } = world();
    const answer: DemoAnswer = { content: [...ran, { type: 'text', text: 'It is 42' }] };
    upstream.enqueue(answer, answer);
    const { whole, events } = await create(world(), {
      model,
      input: 'What is 6 times 7?',
      tools: [{ type: 'code_interpreter', container: { type: 'auto' } }],
    });
    expect(arrived()[0]?.tools).toEqual([{ type: 'code_execution_20250522', name: 'code_execution' }]);
    expect(whole.output).toMatchObject([
      {
        type: 'code_interpreter_call',
        status: 'completed',
        code: 'print(6 * 7)',
        outputs: [{ type: 'logs', logs: '42\n' }],
      },
      { type: 'message', content: [{ text: 'It is 42' }] },
    ]);
    const { response, types } = endOf(events);
    expect(withoutIds(response?.output)).toEqual(withoutIds(whole.output));
    expect(types.slice(2, 10)).toEqual([
      'output_item.added',
      'code_interpreter_call.in_progress',
      'code_interpreter_call_code.delta',
      'code_interpreter_call_code.done',
      'code_interpreter_call.interpreting',
      'code_interpreter_call.completed',
      'output_item.done',
      'output_item.added',
    ]);
  });

  it('a turn that the API pauses goes on by itself, and is one answer', async () => {
    const { openai, upstream, arrived } = world();
    const paused: DemoAnswer = { content: searched('first', 'srvtoolu_1'), stopReason: 'pause_turn', usage };
    const rest: DemoAnswer = { content: [...searched('second', 'srvtoolu_2'), cited], usage };
    const tools = [{ type: 'web_search' as const }];
    for (const name of [model, 'claude-sonnet-5-5']) {
      upstream.clear();
      upstream.enqueue(paused, rest, paused, rest);
      const { whole, events } = await create(world(), { model: name, input: 'Search', tools });
      expect(whole).toMatchObject({
        status: 'completed',
        output: [
          { type: 'web_search_call', action: { query: 'first' } },
          { type: 'web_search_call', action: { query: 'second' } },
          { type: 'message', content: [{ text: 'X is new.', annotations: [citation] }] },
        ],
      });
      expect(withoutIds(endOf(events).response?.output)).toEqual(withoutIds(whole.output));
      expect(arrived()).toHaveLength(4);
      const sent = arrived()[1]?.messages.find(({ role }) => role === 'assistant');
      expect(sent).toMatchObject({
        role: 'assistant',
        content: [{ type: 'server_tool_use', id: 'srvtoolu_1' }, { type: 'web_search_tool_result' }],
      });
    }
    upstream.clear();
    upstream.enqueue(paused, rest);
    const completion = await openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Search' }],
      web_search_options: {},
    });
    expect(completion.choices).toMatchObject([
      { finish_reason: 'stop', message: { content: 'X is new.', annotations: [{ url_citation: citation }] } },
    ]);
    expect(arrived()).toHaveLength(2);
  });
});
