import { describe, expect, it, test } from 'vitest';
import { brokenInput } from '../../../src/turn/broken-input.ts';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { belongsInStream } from '../../../src/dialects/openai-responses/error.ts';
import { errorCodes, TurnError } from '../../../src/turn/errors.ts';
import type { TurnEvent } from '../../../src/turn/events.ts';
import type { AnswerMessage } from '../../../src/turn/turn.ts';
import { collect, contextOf, eventsOf, messageOf, streamOf, textBlock, thinkingBlock, toolBlock } from '../support.ts';
import { parse } from './support.ts';

type Block = AnswerMessage['content'][number];
interface Item {
  type: string;
  id: string;
  status?: string;
  encrypted_content?: string;
}
interface Response {
  output: Item[];
  status: string;
}

const request = (more: object = {}) => parse({ input: 'x', ...more });
const rendered = (message: AnswerMessage, more: object = {}) =>
  openAiResponses.render(message, request(more)) as Response;
const output = (blocks: AnswerMessage['content'], more: object = {}) => rendered(messageOf(blocks), more).output;

describe('a whole answer', () => {
  it('has every member that OpenAI’s types and the Open Responses schema ask for', () => {
    expect(
      rendered(messageOf([textBlock('hello')]), {
        metadata: { a: 'b' },
        instructions: 'i',
        user: 'u',
        tools: [{ type: 'function', name: 'f' }],
      }),
    ).toEqual({
      id: 'resp_abc123',
      object: 'response',
      created_at: 1_700_000_000,
      completed_at: 1_700_000_001,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'claude-test-1-20260101',
      service_tier: 'default',
      access_programs: null,
      background: false,
      instructions: 'i',
      metadata: { a: 'b' },
      user: 'u',
      output: [
        {
          id: 'msg_abc123_0',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'hello', annotations: [], logprobs: [] }],
        },
      ],
      max_output_tokens: null,
      max_tool_calls: null,
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      store: false,
      temperature: 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      top_logprobs: 0,
      top_p: 1,
      truncation: 'disabled',
      frequency_penalty: 0,
      presence_penalty: 0,
      tools: [{ type: 'function', name: 'f', description: null, parameters: null, strict: null }],
      usage: {
        input_tokens: 33,
        input_tokens_details: { cached_tokens: 20, cache_write_tokens: 3 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 40,
      },
    });
  });

  it('repeats tools, format and choice as they were sent', () => {
    const format = {
      type: 'json_schema',
      name: 'n',
      schema: { type: 'object', properties: { a: { type: 'string' } } },
      strict: true,
    };
    const tools = [{ type: 'web_search_preview' }, { type: 'custom', name: 'c' }];
    const message = messageOf([textBlock('{"a":"b"}')]);
    expect(
      rendered(message, { text: { format, verbosity: 'low' }, tools, tool_choice: { type: 'custom', name: 'c' } }),
    ).toMatchObject({
      text: { format: { ...format, description: null }, verbosity: 'low' },
      tools,
      tool_choice: { type: 'custom', name: 'c' },
    });
  });

  it.each<[string, AnswerMessage['content'], object, object[]]>([
    [
      'thinking',
      [thinkingBlock('hm'), textBlock('a')],
      {},
      [{ type: 'reasoning', id: 'rs_abc123_0', summary: [{ type: 'summary_text', text: 'hm' }] }, { type: 'message' }],
    ],
    [
      'thinking that is not shown',
      [thinkingBlock(''), textBlock('a')],
      {},
      [{ type: 'reasoning', summary: [] }, { type: 'message' }],
    ],
    ['no summary', [thinkingBlock('hm')], { reasoning: { summary: 'none' } }, [{ type: 'reasoning', summary: [] }]],
    [
      'a call',
      [textBlock('a'), toolBlock('toolu_1', 'f', { a: 1 })],
      {},
      [
        { type: 'message' },
        {
          type: 'function_call',
          id: 'fc_abc123_1',
          call_id: 'toolu_1',
          name: 'f',
          arguments: '{"a":1}',
          status: 'completed',
        },
      ],
    ],
    [
      'a call in a namespace',
      [toolBlock('t', 'ns__f', {})],
      { tools: [{ type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'f' }] }] },
      [{ type: 'function_call', name: 'f', namespace: 'ns', arguments: '{}' }],
    ],
    [
      'a custom tool',
      [toolBlock('t', 'c', { input: 'raw\ntext' })],
      { tools: [{ type: 'custom', name: 'c' }] },
      [{ type: 'custom_tool_call', id: 'ctc_abc123_0', name: 'c', input: 'raw\ntext', call_id: 't' }],
    ],
    [
      'texts in a row',
      [textBlock('a'), textBlock('b'), textBlock('')],
      {},
      [{ type: 'message', content: [{ text: 'ab' }] }],
    ],
    [
      'texts apart',
      [textBlock('a'), thinkingBlock('t'), textBlock('b')],
      {},
      [{ type: 'message' }, { type: 'reasoning' }, { type: 'message', id: 'msg_abc123_2' }],
    ],
    ['nothing', [textBlock('')], {}, []],
  ])('%s', (_, blocks, more, expected) => {
    const items = output(blocks, more);
    expect(items).toMatchObject(expected);
    expect(items).toHaveLength(expected.length);
  });

  it('an input cut off by the limit is given raw', () => {
    const message = messageOf([textBlock('a'), toolBlock('t', 'f', brokenInput('{"a":'))], {
      stop_reason: 'max_tokens',
    });
    expect(rendered(message)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      completed_at: null,
      output: [{ status: 'completed' }, { status: 'incomplete', arguments: '{"a":' }],
    });
  });

  it('a refusal is a part of its own, and incomplete', () => {
    const details = { type: 'refusal', category: null, explanation: 'I will not.' } as AnswerMessage['stop_details'];
    const message = messageOf([textBlock('Well')], { stop_reason: 'refusal', stop_details: details });
    expect(rendered(message)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [
        {
          type: 'message',
          status: 'incomplete',
          content: [
            { type: 'output_text', text: 'Well' },
            { type: 'refusal', refusal: 'I will not.' },
          ],
        },
      ],
    });
  });

  it('must be JSON where a schema was to be kept', () => {
    const more = {
      text: {
        format: { type: 'json_schema', name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } },
      },
    };
    expect(() => rendered(messageOf([textBlock('no')]), more)).toThrow('text.format');
    expect(rendered(messageOf([textBlock('{"a":"b"}')]), more).status).toBe('completed');
  });
});

const search = (result: unknown): Block[] =>
  [
    { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: 'news' }, caller: { type: 'direct' } },
    { type: 'web_search_tool_result', tool_use_id: 'srv_1', content: result, caller: { type: 'direct' } },
  ] as Block[];
const found = [
  { type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: 'e', page_age: null },
];
const cited: Block = {
  type: 'text',
  text: 'It is so.',
  citations: [
    {
      type: 'web_search_result_location',
      url: 'https://a.example',
      title: 'A',
      cited_text: 'so',
      encrypted_index: 'i',
    },
  ],
};

describe('Claude’s own tools', () => {
  it('a search and what rests on it', () => {
    const [use, result] = search(found);
    if (use === undefined || result === undefined) return;
    const items = output([textBlock('I look.'), use, result, textBlock('Well: '), cited, textBlock(' Yes.')], {
      include: ['web_search_call.action.sources'],
    });
    expect(items).toMatchObject([
      { type: 'message' },
      {
        type: 'web_search_call',
        id: 'ws_abc123_1',
        status: 'completed',
        action: {
          type: 'search',
          query: 'news',
          queries: ['news'],
          sources: [{ type: 'url', url: 'https://a.example' }],
        },
      },
      {
        type: 'message',
        content: [
          {
            text: 'Well: It is so. Yes.',
            annotations: [
              { type: 'url_citation', start_index: 6, end_index: 15, url: 'https://a.example', title: 'A' },
            ],
          },
        ],
      },
    ]);
    expect(items[1]?.encrypted_content).toBeUndefined();
  });

  it('one that failed, and one that was left in the middle', () => {
    expect(output(search({ type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' }))).toMatchObject([
      { status: 'failed' },
    ]);
    expect(output(search(found).slice(0, 1))).toMatchObject([{ status: 'incomplete' }]);
  });

  it('a program and its output', () => {
    const blocks = [
      { type: 'server_tool_use', id: 's', name: 'code_execution', input: { code: 'print(1)' } },
      {
        type: 'code_execution_tool_result',
        tool_use_id: 's',
        content: { type: 'code_execution_result', stdout: '1\n', stderr: '', return_code: 0, content: [] },
      },
    ] as unknown as Block[];
    expect(output(blocks)).toMatchObject([
      {
        type: 'code_interpreter_call',
        status: 'completed',
        code: 'print(1)',
        outputs: [{ type: 'logs', logs: '1\n' }],
      },
    ]);
  });
});

describe('what comes back encrypted', () => {
  const include = ['reasoning.encrypted_content'];
  it('is the turn’s own blocks in the next request', () => {
    const blocks = [thinkingBlock('hm'), ...search(found), cited, toolBlock('toolu_1', 'f', { a: 1 })];
    const items = output(blocks, { include });
    const { messages } = parse({
      input: [
        { role: 'user', content: 'x' },
        ...items,
        { type: 'function_call_output', call_id: 'toolu_1', output: 'ok' },
      ],
    }).request;
    const [, said] = messages;
    expect(said?.role).toBe('assistant');
    expect(said?.content).toMatchObject([
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'server_tool_use', id: 'srv_1', input: { query: 'news' } },
      { type: 'web_search_tool_result', tool_use_id: 'srv_1', content: found },
      { type: 'text', text: 'It is so.' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
    ]);
  });

  it('only where it is asked for, and where there is a key', () => {
    expect(output([thinkingBlock('hm')])[0]?.encrypted_content).toBeUndefined();
    const { cipher: _, ...without } = contextOf();
    const parsed = openAiResponses.parse({ model: 'm', input: 'x', include }, without);
    expect(
      (openAiResponses.render(messageOf([thinkingBlock('hm')]), parsed) as Response).output[0]?.encrypted_content,
    ).toBeUndefined();
    expect(output([thinkingBlock('hm')], { include })[0]?.encrypted_content).not.toContain('hm');
  });
});

interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: { status: string; error: object | null; output: object[] };
}

const streamed = async (events: AsyncIterable<TurnEvent>, more: object = {}) => {
  const frames: Event[] = [];
  let thrown: unknown;
  try {
    for await (const frame of openAiResponses.stream(events, request({ stream: true, ...more }))) {
      if ('data' in frame) frames.push({ ...(JSON.parse(frame.data) as Event) });
    }
  } catch (error) {
    thrown = error;
  }
  return { frames, types: frames.map(({ type }) => type.replace('response.', '')), thrown };
};

async function* failingAfter(events: readonly TurnEvent[], error: Error): AsyncGenerator<TurnEvent> {
  yield* events;
  throw error;
}

describe('a stream', () => {
  it('has the events of each kind of item in their order', async () => {
    const [use, result] = search(found);
    if (use === undefined || result === undefined) return;
    const blocks = [
      thinkingBlock('hm'),
      use,
      result,
      textBlock('So: '),
      cited,
      toolBlock('t1', 'f', { a: 1 }),
      toolBlock('t2', 'c', { input: 'raw' }),
    ];
    const { types, frames } = await streamed(streamOf(eventsOf(messageOf(blocks, { stop_reason: 'tool_use' }))), {
      tools: [{ type: 'custom', name: 'c' }],
    });
    expect(types).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'web_search_call.in_progress',
      'web_search_call.searching',
      'web_search_call.completed',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
      'completed',
    ]);
    expect(frames.map(({ sequence_number }) => sequence_number)).toEqual([...frames.keys()]);
  });

  it('of a refusal', async () => {
    const details = { type: 'refusal', category: null, explanation: 'No.' } as AnswerMessage['stop_details'];
    const { types } = await streamed(
      streamOf(eventsOf(messageOf([textBlock('Well')], { stop_reason: 'refusal', stop_details: details }))),
    );
    expect(types.slice(2)).toEqual([
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'content_part.added',
      'refusal.delta',
      'refusal.done',
      'content_part.done',
      'output_item.done',
      'incomplete',
    ]);
  });

  const message = messageOf([textBlock('one'), toolBlock('t', 'f', {})], { stop_reason: 'tool_use' });
  it('that fails ends with response.failed, whenever it fails, and throws the error on', async () => {
    const events = eventsOf(message);
    const error = new TurnError('upstream_overloaded', 'Overloaded.');
    for (let sent = 0; sent < events.length; sent += 1) {
      const { frames, types, thrown } = await streamed(failingAfter(events.slice(0, sent), error));
      expect(thrown).toBe(error);
      expect(types.slice(0, 2)).toEqual(['created', 'in_progress']);
      expect(types.filter((type) => ['completed', 'incomplete', 'failed'].includes(type))).toEqual(['failed']);
      expect(frames.at(-1)).toMatchObject({
        type: 'response.failed',
        response: {
          status: 'failed',
          error: { code: 'server_is_overloaded', message: 'Overloaded.' },
          completed_at: null,
        },
      });
      expect(frames.map(({ sequence_number }) => sequence_number)).toEqual([...frames.keys()]);
    }
  });

  it('that ends too early fails', async () => {
    const { types, thrown } = await streamed(streamOf(eventsOf(message).slice(0, -1)));
    expect([types.at(-1), (thrown as TurnError).code]).toEqual(['failed', 'upstream_error']);
  });

  it('shows a failed one what had been whole', async () => {
    const until = eventsOf(message).findIndex((event) => event.type === 'content_block_start' && event.index === 1) + 1;
    const { frames } = await streamed(failingAfter(eventsOf(message).slice(0, until), new Error('x')));
    expect(frames.at(-1)?.response?.output).toMatchObject([{ type: 'message', status: 'completed' }]);
  });

  it('keeps signs of life out of the numbers', async () => {
    const frames = await collect(
      openAiResponses.stream(streamOf([{ type: 'ping' } as const, ...eventsOf(message)]), request({ stream: true })),
    );
    expect(frames[0]).toEqual({ comment: 'keepalive' });
  });
});

describe('limits of the plan', () => {
  const headers = (limits: Record<string, string>) => openAiResponses.limitHeaders?.(limits, 1_000_000) ?? {};
  it('are the windows that Codex shows', () => {
    const unified = 'anthropic-ratelimit-unified';
    expect(
      headers({
        [`${unified}-5h-utilization`]: '0.1234',
        [`${unified}-5h-reset`]: '1700000000',
        [`${unified}-7d-utilization`]: '1',
        [`${unified}-seven_day_opus-utilization`]: '0.5',
        [`${unified}-status`]: 'allowed',
      }),
    ).toEqual({
      'x-codex-primary-used-percent': '12.3',
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-at': '1700000000',
      'x-codex-secondary-used-percent': '100',
      'x-codex-secondary-window-minutes': '10080',
      'x-claude-seven-day-opus-primary-used-percent': '50',
      'x-claude-seven-day-opus-primary-window-minutes': '10080',
      'x-claude-seven-day-opus-limit-name': 'seven day opus',
    });
  });

  it('are not there where nothing was told', () => {
    expect(headers({ 'anthropic-ratelimit-unified-status': 'allowed' })).toEqual({});
  });
});

describe('Codex’s catalog', () => {
  const listed = (id: string, resolvesTo = id) => ({
    id,
    resolvesTo,
    displayName: id,
    createdAt: '2026-01-01T00:00:00Z',
  });
  const { data, models } = openAiResponses.renderModels([
    listed('claude-sonnet-5-5'),
    listed('gpt-4o', 'claude-sonnet-4-5-20250929'),
  ]) as {
    data: object[];
    models: Record<string, unknown>[];
  };
  it('stands beside OpenAI’s list', () => {
    expect([data.length, models.map(({ slug, visibility }) => [slug, visibility])]).toEqual([
      2,
      [
        ['claude-sonnet-5-5', 'list'],
        ['gpt-4o', 'hide'],
      ],
    ]);
  });

  it('has what makes Codex offer apply_patch, efforts and the whole window', () => {
    expect(models).toMatchObject([
      {
        apply_patch_tool_type: 'freeform',
        context_window: 1_000_000,
        supported_reasoning_levels: [
          { effort: 'low' },
          { effort: 'medium' },
          { effort: 'high' },
          { effort: 'xhigh' },
          { effort: 'max' },
        ],
      },
      {
        apply_patch_tool_type: 'freeform',
        context_window: 200_000,
        supported_reasoning_levels: [{ effort: 'low' }, { effort: 'medium' }, { effort: 'high' }, { effort: 'xhigh' }],
      },
    ]);
    for (const { base_instructions } of models) expect(String(base_instructions).length).toBeGreaterThan(500);
  });

  it('is for requests of Codex alone', () => {
    const asks = (query: string) =>
      openAiResponses.recognises?.({ headers: new Headers(), query: new URLSearchParams(query) });
    expect([asks('client_version=0.169.0'), asks('')]).toEqual([true, false]);
  });
});

describe('errors', () => {
  const body = (error: TurnError) =>
    (openAiResponses.renderError(error, 'req_1').body as { error: Record<string, unknown> }).error;
  it.each<[TurnError, string]>([
    [
      new TurnError('upstream_invalid_request', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'context_length_exceeded',
    ],
    [new TurnError('upstream_rate_limited', 'Slow down.'), 'rate_limit_exceeded'],
    [new TurnError('queue_full', 'Busy.'), 'rate_limit_exceeded'],
    [new TurnError('upstream_overloaded', 'Overloaded.'), 'server_is_overloaded'],
    [new TurnError('upstream_billing', 'Pay.'), 'insufficient_quota'],
    [new TurnError('engine_died', 'Died.'), 'server_error'],
    [new TurnError('invalid_request', 'Bad.', { param: 'input[0].content[0].image_url' }), 'invalid_value'],
    [new TurnError('previous_response_not_found', 'Gone.'), 'previous_response_not_found'],
  ])('%s', (error, code) => {
    expect(body(error)).toMatchObject({ code, param: error.param ?? null });
  });

  it('tell Codex how long to wait, in the words it reads', () => {
    expect(body(new TurnError('upstream_rate_limited', 'Slow down.', { retryAfterSeconds: 12 }))['message']).toBe(
      'Slow down. Please try again in 12s.',
    );
    expect(body(new TurnError('upstream_rate_limited', 'Try again in 3s.', { retryAfterSeconds: 12 }))['message']).toBe(
      'Try again in 3s.',
    );
  });

  it('tell Codex that a plan is used up, where the wait is long', () => {
    const limited = (retryAfterSeconds?: number) =>
      body(new TurnError('upstream_rate_limited', 'x', retryAfterSeconds === undefined ? {} : { retryAfterSeconds }))[
        'type'
      ];
    expect([limited(), limited(20), limited(3600)]).toEqual([
      'rate_limit_error',
      'rate_limit_error',
      'usage_limit_reached',
    ]);
  });

  test('only a conversation that is too long goes into a stream of its own', () => {
    const codes = errorCodes.filter((code) => belongsInStream(new TurnError(code, 'x')));
    expect(codes).toEqual([]);
    expect(belongsInStream(new TurnError('upstream_invalid_request', 'prompt is too long'))).toBe(true);
  });

  it.each([
    ['{"error":{"message":"Busy.","type":"t","code":"c","param":null}}', 'Busy.', 'c'],
    ['<html>', '<html>', null],
    ['{"error":"x"}', '{"error":"x"}', null],
  ])('a frame for the body %s', (text, message, code) => {
    const frame = openAiResponses.renderedErrorFrame?.(text) ?? { comment: '' };
    expect('data' in frame && JSON.parse(frame.data)).toMatchObject({
      type: 'error',
      code,
      message,
      error: { message },
    });
  });

  test('a frame without a stream has OpenAI’s form and that of the schema', () => {
    const frame = openAiResponses.errorFrame(new TurnError('engine_died', 'Died.'), 'req_1');
    expect('data' in frame && JSON.parse(frame.data)).toMatchObject({
      type: 'error',
      code: 'server_error',
      message: 'Died.',
      param: null,
      error: { type: 'server_error', code: 'server_error' },
    });
  });
});
