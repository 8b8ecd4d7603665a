import { describe, expect, test } from 'vitest';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { openAiCompletions } from '../../src/dialects/openai-completions/index.ts';
import { renderModels } from '../../src/dialects/openai/models.ts';
import { renderModels as renderAnthropicModels } from '../../src/dialects/anthropic-messages/models.ts';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { errorCodes, statusOf, TurnError } from '../../src/turn/errors.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import { foldMessage } from '../../src/turn/fold.ts';
import type { AnswerMessage } from '../../src/turn/turn.ts';
import {
  collect,
  contextOf,
  eventsOf,
  failure,
  messageOf,
  streamOf,
  textBlock,
  thinkingBlock,
  toolBlock,
  usage,
} from './support.ts';

const parsed = (body: object = {}) =>
  openAiChat.parse({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }, contextOf());
interface Answer {
  readonly choices: readonly { readonly message: Record<string, unknown>; readonly finish_reason: string }[];
}
const render = (message: AnswerMessage, body?: object) => openAiChat.render(message, parsed(body)) as Answer;
const chunks = async (message: AnswerMessage, body?: object): Promise<Record<string, unknown>[]> => {
  const frames = await collect(openAiChat.stream(streamOf<TurnEvent>(eventsOf(message)), parsed(body)));
  return frames.flatMap((frame) =>
    'data' in frame && frame.data !== '[DONE]' ? [JSON.parse(frame.data) as Record<string, unknown>] : [],
  );
};

describe('chat.completion', () => {
  test('the whole shape', () => {
    expect(openAiChat.render(messageOf([thinkingBlock('hm'), textBlock('Hel'), textBlock('lo')]), parsed())).toEqual({
      id: 'chatcmpl-01abc',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'claude-test-1-20260101',
      system_fingerprint: 'fp_claude-test-1-20260101',
      service_tier: 'default',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, reasoning_content: 'hm' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 33,
        completion_tokens: 7,
        total_tokens: 40,
        prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  test('reasoning the API does not count is not counted', () => {
    const { usage: out } = openAiChat.render(
      messageOf([], { usage: { ...usage, output_tokens_details: null } }),
      parsed(),
    ) as { usage: object };
    expect(out).not.toHaveProperty('completion_tokens_details');
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
  ])('%s is %s', async (stop_reason, finish_reason) => {
    const message = messageOf([textBlock('x')], { stop_reason: stop_reason as AnswerMessage['stop_reason'] });
    expect(render(message).choices[0]?.finish_reason).toBe(finish_reason);
    expect((await chunks(message)).at(-1)).toMatchObject({ choices: [{ delta: {}, finish_reason }] });
  });

  test('a refusal has the upstream’s explanation, streamed or not', async () => {
    const message = messageOf([], {
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'bio', explanation: 'No.' },
    });
    expect(render(message).choices[0]?.message).toEqual({ role: 'assistant', content: null, refusal: 'No.' });
    expect((await chunks(message)).map(({ choices }) => (choices as { delta: object }[])[0]?.delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { refusal: 'No.' },
      {},
    ]);
  });

  const calling = messageOf(
    [textBlock('I look.'), toolBlock('toolu_1', 'f', { a: '😀' }), toolBlock('toolu_2', 'g', {})],
    { stop_reason: 'tool_use' },
  );
  test('tool calls', () => {
    expect(render(calling).choices[0]?.message).toEqual({
      role: 'assistant',
      content: 'I look.',
      refusal: null,
      tool_calls: [
        { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{"a":"😀"}' } },
        { id: 'toolu_2', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    });
    expect(
      render(messageOf([toolBlock('toolu_1', 'f', {})], { stop_reason: 'tool_use' })).choices[0]?.message['content'],
    ).toBeNull();
  });

  test('tool calls as they stream: a head, then arguments; a call without input still has its JSON', async () => {
    const deltas = (await chunks(calling))
      .map(({ choices }) => (choices as { delta: { tool_calls?: unknown[] } }[])[0]?.delta.tool_calls?.[0])
      .filter((call) => call !== undefined);
    expect(deltas).toEqual([
      { index: 0, id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a":"😀"}' } },
      { index: 1, id: 'toolu_2', type: 'function', function: { name: 'g', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
    ]);
  });

  test('a real argument called INVALID_JSON is one like any other', async () => {
    const input = { INVALID_JSON: '{"a', b: 1 };
    const [block] = (await foldMessage(streamOf(eventsOf(messageOf([toolBlock('toolu_1', 'f', input)]))))).content;
    expect(block).toMatchObject({ input });
    expect(render(messageOf([block as never])).choices[0]?.message).toMatchObject({
      tool_calls: [{ function: { arguments: JSON.stringify(input) } }],
    });
  });

  test('arguments cut off by max_tokens are given as far as they came', async () => {
    const whole = messageOf([toolBlock('toolu_1', 'f', { a: 1 })], { stop_reason: 'max_tokens' });
    const events = eventsOf(whole, (json) => [json.slice(0, 3)]);
    const cut = await foldMessage(streamOf<TurnEvent>(events));
    expect(render(cut).choices[0]?.message).toMatchObject({ tool_calls: [{ function: { arguments: '{"a' } }] });
  });

  test('the legacy form answers with function_call', async () => {
    const body = { functions: [{ name: 'f' }] };
    const message = messageOf([toolBlock('toolu_1', 'f', { a: 1 })], { stop_reason: 'tool_use' });
    expect(render(message, body).choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
    });
    const streamed = (await chunks(message, body))
      .map(({ choices }) => (choices as { delta: { function_call?: object } }[])[0]?.delta.function_call)
      .filter((call) => call !== undefined);
    expect(streamed).toEqual([{ name: 'f', arguments: '' }, { arguments: '{"a":1}' }]);
  });

  test('usage comes last and only when asked for', async () => {
    const message = messageOf([textBlock('x')]);
    expect((await chunks(message)).every((chunk) => !('usage' in chunk))).toBe(true);
    const asked = await chunks(message, { stream_options: { include_usage: true } });
    expect(asked.map(({ usage: each }) => each === null)).toEqual([true, true, true, false]);
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 33, completion_tokens: 7 } });
  });

  test('reasoning can be left out', async () => {
    const body = { reasoning: { exclude: true } };
    const message = messageOf([thinkingBlock('hm'), textBlock('x')]);
    expect(render(message, body).choices[0]?.message).not.toHaveProperty('reasoning_content');
    expect(JSON.stringify(await chunks(message, body))).not.toContain('hm');
  });

  test('a finished answer under a schema must be JSON', () => {
    const body = {
      response_format: { type: 'json_object', schema: { type: 'object', properties: { a: { type: 'null' } } } },
    };
    expect(render(messageOf([textBlock('{"a":null}')]), body).choices[0]?.message['content']).toBe('{"a":null}');
    expect(failure(() => render(messageOf([textBlock('Sure!')]), body)).code).toBe('upstream_error');
    expect(render(messageOf([textBlock('{"a')], { stop_reason: 'max_tokens' }), body).choices[0]?.finish_reason).toBe(
      'length',
    );
  });

  test('a ping of the upstream is a comment', async () => {
    const frames = await collect(
      openAiChat.stream(streamOf<TurnEvent>([{ type: 'ping' }, ...eventsOf(messageOf([]))]), parsed()),
    );
    expect(frames[0]).toEqual({ comment: 'keepalive' });
  });
});

describe('errors', () => {
  test.each(errorCodes)('%s has a type in both dialects', (code) => {
    const error = new TurnError(code, 'What went wrong.', { param: 'x' });
    const openai = (openAiChat.renderError(error, 'req_1').body as { error: Record<string, unknown> }).error;
    expect(openai).toEqual({
      message: 'What went wrong.',
      type: expect.stringMatching(/^[a-z_]+$/u),
      param: 'x',
      code: expect.stringMatching(/^[a-z_]+$/u),
    });
    const anthropic = anthropicMessages.renderError(error, 'req_1').body;
    expect(anthropic).toEqual({
      type: 'error',
      error: { type: expect.stringMatching(/_error$|^request_too_large$/u), message: 'What went wrong.' },
      request_id: 'req_1',
    });
    expect(statusOf(error)).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ['authentication', 'authentication_error', 'invalid_api_key'],
    ['model_not_found', 'invalid_request_error', 'model_not_found'],
    ['upstream_rate_limited', 'rate_limit_error', 'rate_limit_exceeded'],
    ['upstream_billing', 'insufficient_quota', 'insufficient_quota'],
    ['upstream_overloaded', 'server_error', 'overloaded'],
  ] as const)('%s is %s/%s to OpenAI’s clients', (code, type, name) => {
    expect(openAiChat.renderError(new TurnError(code, 'm'), 'r').body).toEqual({
      error: { message: 'm', type, param: null, code: name },
    });
  });

  test('a prompt that is too long has the code that clients look for', () => {
    const error = new TurnError('upstream_invalid_request', 'prompt is too long: 210000 tokens > 200000 maximum');
    expect(openAiChat.errorFrame(error, 'r')).toEqual({
      data: expect.stringContaining('"code":"context_length_exceeded"'),
    });
  });
});

describe('/v1/completions', () => {
  const parse = (body: object) => openAiCompletions.parse({ model: 'm', prompt: 'say', ...body }, contextOf());
  test('a prompt is a user message', () => {
    const expected = {
      model: 'claude-test-1',
      max_tokens: 32_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'say' }] }],
    };
    expect(parse({}).request).toEqual(expected);
    expect(parse({ prompt: ['say'] }).request).toEqual(expected);
    expect(
      parse({ temperature: 1, stop: ['\n', 'x'], max_tokens: 9, user: 'u', suffix: '', best_of: 1, logprobs: null }),
    ).toMatchObject({
      request: { temperature: 0.5, stop_sequences: ['x'], max_tokens: 9 },
      emulatedStops: ['\n'],
      report: { ignored: [], emulated: ['stop'] },
    });
  });
  test('echo puts the prompt first', () => {
    expect(openAiCompletions.render(messageOf([textBlock(' hello')]), parse({ echo: true }))).toMatchObject({
      id: 'cmpl-01abc',
      object: 'text_completion',
      choices: [{ text: 'say hello', index: 0, logprobs: null, finish_reason: 'stop' }],
    });
    expect(parse({ echo: true }).report.emulated).toEqual(['echo']);
  });
  test.each([
    [{ prompt: ['a', 'b'] }, 'prompt', 'unsupported_parameter'],
    [{ prompt: [1, 2] }, 'prompt', 'unsupported_parameter'],
    [{ prompt: [[1]] }, 'prompt', 'unsupported_parameter'],
    [{ prompt: ' ' }, 'prompt', 'invalid_request'],
    [{ prompt: undefined }, 'prompt', 'invalid_request'],
    [{ suffix: 'x' }, 'suffix', 'unsupported_parameter'],
    [{ best_of: 2 }, 'best_of', 'unsupported_parameter'],
    [{ n: 3 }, 'n', 'unsupported_parameter'],
    [{ logprobs: 9 }, 'logprobs', 'invalid_request'],
  ])('%j is refused by name', (body, param, code) => {
    expect(failure(() => parse(body))).toMatchObject({ param, code });
  });
});

test('models in both shapes, aliases with what they stand for', () => {
  const models = [
    { id: 'claude-a', resolvesTo: 'claude-a', displayName: 'Claude A', createdAt: '2025-09-29T00:00:00Z' },
    { id: 'gpt-4o', resolvesTo: 'claude-a', displayName: 'Claude A', createdAt: '2025-09-29T00:00:00Z' },
  ];
  expect(renderModels(models)).toEqual({
    object: 'list',
    data: [
      { id: 'claude-a', object: 'model', created: 1_759_104_000, owned_by: 'anthropic' },
      { id: 'gpt-4o', object: 'model', created: 1_759_104_000, owned_by: 'anthropic', resolves_to: 'claude-a' },
    ],
  });
  expect(renderAnthropicModels(models)).toMatchObject({
    data: [
      { type: 'model', id: 'claude-a', display_name: 'Claude A', created_at: '2025-09-29T00:00:00Z' },
      { resolves_to: 'claude-a' },
    ],
    has_more: false,
    first_id: 'claude-a',
    last_id: 'gpt-4o',
  });
  expect(renderAnthropicModels([])).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
});
