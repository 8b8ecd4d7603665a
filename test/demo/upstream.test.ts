import Anthropic, { RateLimitError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { CATALOG } from '../../src/models/catalog.ts';

const MODEL = 'claude-haiku-4-5-20251001';
let upstream: DemoUpstream;
let client: Anthropic;

beforeAll(async () => {
  upstream = await startDemoUpstream();
  client = new Anthropic({ apiKey: 'demo', baseURL: upstream.url, maxRetries: 0 });
});
beforeEach(() => upstream.clear());
afterAll(() => upstream.close());

type Params = Anthropic.MessageCreateParamsNonStreaming;
const weather: Anthropic.Tool = {
  name: 'weather',
  input_schema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
    required: ['city', 'days'],
  },
};
const request = (text: string, more: Partial<Params> = {}): Params => ({
  model: MODEL,
  max_tokens: 1000,
  messages: [{ role: 'user', content: text }],
  ...more,
});
const textOf = (message: Anthropic.Message): string =>
  message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');

const anonymous = ({ id: _id, ...message }: Anthropic.Message) => ({
  ...message,
  content: message.content.map((block) => ({ ...block, id: '', ...('tool_use_id' in block && { tool_use_id: '' }) })),
});
const cached = (text: string) => ({ type: 'text' as const, text, cache_control: { type: 'ephemeral' as const } });

/** Both ways of asking must give the same answer, apart from ids. */
const askBoth = async (params: Params): Promise<Anthropic.Message> => {
  const plain = await client.messages.create(params);
  upstream.clear();
  const streamed = await client.messages.stream(params).finalMessage();
  expect(anonymous(streamed)).toMatchObject(anonymous(plain));
  return plain;
};

describe('answers', () => {
  test('says that it is a demo and echoes', async () => {
    const message = await askBoth(request('hello  there'));
    expect(textOf(message)).toBe('Demo upstream (no model): you said: hello  there');
    expect(message).toMatchObject({
      stop_reason: 'end_turn',
      stop_sequence: null,
      model: MODEL,
      usage: { output_tokens: 8 },
    });
  });

  test.each<[string, string, Partial<Params>, object]>([
    ['text', '[[text:Hi you]]', {}, { content: [{ type: 'text', text: 'Hi you' }], stop_reason: 'end_turn' }],
    [
      'thinking',
      '[[think:Hm]][[text:Yes]]',
      {},
      { content: [{ type: 'thinking', thinking: 'Hm', signature: 'demo-signature-1' }, { text: 'Yes' }] },
    ],
    [
      'tool with nested JSON',
      '[[tool:weather {"a":[[1]]}]]',
      { tools: [weather] },
      { content: [{ type: 'tool_use', name: 'weather', input: { a: [[1]] } }], stop_reason: 'tool_use' },
    ],
    [
      'parallel tools',
      '[[tool:weather {"n":1}]] and [[tool:weather {"n":2}]]',
      { tools: [weather] },
      { content: [{ input: { n: 1 } }, { input: { n: 2 } }] },
    ],
    [
      'one call only',
      '[[tool:weather {"n":1}]][[tool:weather {"n":2}]]',
      { tools: [weather], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      { content: [{ input: { n: 1 } }] },
    ],
    ['refusal', '[[refuse]]no', {}, { stop_reason: 'refusal' }],
    ['pause', '[[pause]]', {}, { stop_reason: 'pause_turn' }],
    ['other reason', '[[stop:model_context_window_exceeded]]', {}, { stop_reason: 'model_context_window_exceeded' }],
    ['long', '[[tokens:2000]]', { max_tokens: 5000 }, { usage: { output_tokens: 2000 } }],
    [
      'token limit',
      '[[tokens:2000]]',
      { max_tokens: 7 },
      {
        stop_reason: 'max_tokens',
        usage: { output_tokens: 7 },
        content: [{ text: 'word1 word2 word3 word4 word5 word6 word7' }],
      },
    ],
    [
      'stop sequence',
      '[[text:one two END three]]',
      { stop_sequences: ['three', 'END'] },
      { stop_reason: 'stop_sequence', stop_sequence: 'END', content: [{ text: 'one two ' }] },
    ],
    [
      'forced tool',
      'anything',
      { tools: [weather], tool_choice: { type: 'any' } },
      { content: [{ type: 'tool_use', input: { city: 'demo', days: 3 } }], stop_reason: 'tool_use' },
    ],
    [
      'named tool',
      'anything',
      { tools: [{ ...weather, name: 'other' }, weather], tool_choice: { type: 'tool', name: 'weather' } },
      { content: [{ name: 'weather' }] },
    ],
    [
      'the only tool, which the question needs',
      'What is the weather like?',
      { tools: [{ ...weather, name: 'getWeather' }] },
      { content: [{ type: 'tool_use', name: 'getWeather' }], stop_reason: 'tool_use' },
    ],
    [
      'the only tool, for another question',
      'What time is it?',
      { tools: [weather] },
      { content: [{ text: expect.stringContaining('you said') as unknown }], stop_reason: 'end_turn' },
    ],
    [
      'one of two tools, which nobody chose',
      'What is the weather like?',
      { tools: [weather, { ...weather, name: 'other' }] },
      { content: [{ text: expect.stringContaining('you said') as unknown }], stop_reason: 'end_turn' },
    ],
    [
      'code execution, which the API does itself',
      'anything',
      { tools: [{ type: 'code_execution_20250522', name: 'code_execution' }], tool_choice: { type: 'any' } },
      {
        content: [{ type: 'server_tool_use' }, { type: 'code_execution_tool_result' }, { type: 'text' }],
        stop_reason: 'end_turn',
      },
    ],
    [
      'structured output',
      'anything',
      {
        output_config: {
          format: {
            type: 'json_schema',
            schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
          },
        },
      },
      { content: [{ text: '{"ok":true}' }] },
    ],
    [
      'a tool that was not offered',
      '[[tool:nope]]',
      {},
      { content: [{ text: expect.stringContaining('tool named nope') as unknown }], stop_reason: 'end_turn' },
    ],
  ])('%s', async (...[, text, more, expected]) => {
    expect(await askBoth(request(text, more))).toMatchObject(expected);
  });

  test('a tool loop with a script of two steps, then the default', async () => {
    const messages: Anthropic.MessageParam[] = [
      { role: 'user', content: '[[tool:weather {"n":1}]][[then]][[tool:weather {"n":2}]]' },
    ];
    for (const n of [1, 2]) {
      const answer = await client.messages.create(request('', { messages, tools: [weather] }));
      const [call] = answer.content;
      if (call?.type !== 'tool_use') throw new Error('expected a call');
      expect(call.input).toEqual({ n });
      messages.push(
        { role: 'assistant', content: [call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: `sun ${n}` }] },
      );
    }
    expect(textOf(await client.messages.create(request('', { messages, tools: [weather] })))).toBe(
      'Demo upstream (no model): the tool answered: sun 2',
    );
  });

  test('omitted thinking arrives empty with its signature', async () => {
    const thinking = { type: 'enabled', budget_tokens: 1024, display: 'omitted' } as const;
    const { content } = await askBoth(request('[[think:secret]][[text:x]]', { max_tokens: 3000, thinking }));
    expect(content[0]).toMatchObject({ type: 'thinking', thinking: '', signature: 'demo-signature-1' });
  });

  test('citations and the tokens of thinking, streamed and not', async () => {
    const citation: Anthropic.TextCitation = {
      type: 'char_location',
      cited_text: 'a',
      document_index: 0,
      document_title: null,
      file_id: null,
      start_char_index: 0,
      end_char_index: 1,
    };
    for (const stream of [false, true]) {
      upstream.enqueue({
        content: [{ type: 'text', text: 'one two', citations: [citation] }],
        usage: { output_tokens_details: { thinking_tokens: 5 } },
      });
      const message = stream
        ? await client.messages.stream(request('x')).finalMessage()
        : await client.messages.create(request('x'));
      expect(message).toMatchObject({
        content: [{ type: 'text', text: 'one two', citations: [citation] }],
        usage: { output_tokens_details: { thinking_tokens: 5 } },
      });
    }
  });

  test('scripts and queued answers come before directives', async () => {
    upstream.script((body) => ({ content: [{ type: 'text', text: `script ${body.messages.length}` }] }));
    upstream.enqueue({ content: [{ type: 'text', text: 'queued' }], usage: { input_tokens: 77 } });
    const first = await client.messages.create(request('[[text:directive]]'));
    expect([textOf(first), first.usage.input_tokens]).toEqual(['queued', 77]);
    expect(textOf(await client.messages.create(request('[[text:directive]]')))).toBe('script 1');
  });
});

test('the order of events', async () => {
  const stream = await client.messages.create({
    ...request('[[text:a b]][[tool:weather {"a":1}]]', { tools: [weather] }),
    stream: true,
  });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  expect(types).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
  const raw = await fetch(`${upstream.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'x-api-key': 'demo', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ ...request('hi'), stream: true }),
  });
  expect(raw.headers.get('request-id')).toMatch(/^req_[0-9a-f]{24}$/);
  expect(await raw.text()).toContain('event: ping\ndata: {"type":"ping"}\n\n');
});

describe('failures', () => {
  test('an HTTP error, with Retry-After, only once', async () => {
    const text = '[[error:429 retry-after=2 times=1]] then fine';
    const failed = await client.messages.create(request(text)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RateLimitError);
    expect((failed as InstanceType<typeof RateLimitError>).headers?.get('retry-after')).toBe('2');
    expect(textOf(await client.messages.create(request(text)))).toBe('Demo upstream (no model): you said: then fine');
  });

  test('an error event in mid-stream', async () => {
    const stream = client.messages.stream(request('[[error-mid:overloaded_error after=2]] one two three'));
    await expect(stream.finalMessage()).rejects.toThrow('overloaded_error');
    expect(upstream.requests[0]).toMatchObject({ completed: false, aborted: false });
  });

  test('a cut connection, after what was written before', async () => {
    const stream = await client.messages.create({ ...request('[[cut:2]] one two three'), stream: true });
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of stream) types.push(event.type);
    })();
    await expect(reading).rejects.toThrow();
    expect(types).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta']);
    expect(upstream.requests[0]).toMatchObject({ completed: false, aborted: false });
  });

  test.each(['[[hang]]', '[[hang:1]]', '[[slow:60000]]', '[[first:60000]]'])(
    '%s: a client that leaves is recorded as aborted',
    async (text) => {
      const leaving = new AbortController();
      const asked = client.messages.stream(request(text), { signal: leaving.signal }).finalMessage();
      await expect.poll(() => upstream.requests[0]?.body).toBeDefined();
      leaving.abort();
      await expect(asked).rejects.toThrow();
      await expect.poll(() => upstream.requests[0]).toMatchObject({ aborted: true, completed: false });
    },
  );

  test.each(['[[nonsense:1]]', '[[tool:x {"a":]]', '[[slow:fast]]'])(
    '%s: a directive that cannot be read is refused',
    async (text) => {
      await expect(client.messages.create(request(text))).rejects.toThrow(/Demo directive/);
    },
  );
});

describe('the rest of the API', () => {
  test('models, count_tokens, liveness', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list({ limit: 2 })) ids.push(id);
    expect(ids).toEqual(CATALOG.map(({ id }) => id));
    expect(ids).toContain('claude-opus-5-5');
    const { input_tokens: tokens } = await client.messages.countTokens({
      model: MODEL,
      messages: [{ role: 'user', content: 'hello' }],
    });
    expect(tokens).toBe(Math.ceil(JSON.stringify({ role: 'user', type: 'text', text: 'hello' }).length / 4));
    expect((await fetch(upstream.url, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${upstream.url}/api/hello`, { method: 'HEAD' })).status).toBe(404);
  });

  test('the prompt cache: written once, then read, then read and extended', async () => {
    const params = request('', {
      system: [cached('a long system prompt')],
      messages: [{ role: 'user', content: 'hi' }],
    });
    const first = (await client.messages.create(params)).usage;
    const second = (await client.messages.create(params)).usage;
    expect(first).toMatchObject({ cache_read_input_tokens: 0 });
    expect(first.cache_creation_input_tokens).toBeGreaterThan(0);
    expect(second).toMatchObject({
      cache_read_input_tokens: first.cache_creation_input_tokens,
      cache_creation_input_tokens: 0,
      input_tokens: first.input_tokens,
    });
    const third = (await client.messages.create({ ...params, messages: [{ role: 'user', content: [cached('hi')] }] }))
      .usage;
    expect(third).toMatchObject({
      cache_read_input_tokens: first.cache_creation_input_tokens,
      cache_creation_input_tokens: first.input_tokens,
      input_tokens: 0,
    });
  });

  test.each<[string, Record<string, string>, number]>([
    ['no key', {}, 401],
    ['a wrong key', { 'x-api-key': 'invalid' }, 401],
    ['a bearer key without version', { authorization: 'Bearer demo' }, 400],
    ['a bearer key', { authorization: 'Bearer demo', 'anthropic-version': '2026-10-21' }, 200],
  ])('%s', async (_name, headers, status) => {
    const response = await fetch(`${upstream.url}/v1/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request('hi')),
    });
    expect(response.status).toBe(status);
    if (status !== 200)
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: expect.any(String) as unknown },
        request_id: response.headers.get('request-id'),
      });
  });
});
