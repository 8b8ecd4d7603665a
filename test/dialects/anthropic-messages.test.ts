import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { parseCountTokens } from '../../src/dialects/anthropic-messages/parse.ts';
import type { ParseContext } from '../../src/dialects/dialect.ts';
import type { Abilities } from '../../src/models/model.ts';
import { adaptiveModel, contextOf, failure } from './support.ts';

const user = { role: 'user', content: 'hi' };
const base = { model: 'claude-x', max_tokens: 100, messages: [user] };
const parse = (body: object, context: ParseContext = contextOf()) =>
  anthropicMessages.parse({ ...base, ...body }, context);
const request = (body: object, context?: ParseContext) =>
  parse(body, context).request as unknown as Record<string, unknown>;
const api = contextOf({ engine: 'anthropic-api' });
const nothing = { ignored: [], emulated: [] };

/** Claude Code's own request, shortened. */
const claudeCode = {
  system: [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'x' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
      ],
    },
    { role: 'system', content: 'mid' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 't', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: false, content: [{ type: 'text', text: 'r' }] },
        { type: 'text', text: 'more' },
      ],
    },
    { role: 'system', content: [{ type: 'text', text: 'note' }] },
  ],
  tools: [
    {
      name: 'Bash',
      description: 'd',
      input_schema: { type: 'object', $schema: 'x', properties: { a: { minimum: 1 } } },
      defer_loading: true,
      eager_input_streaming: true,
      strict: true,
    },
  ],
  tool_choice: { type: 'any', disable_parallel_tool_use: true },
  metadata: { user_id: '{"a":1}' },
  thinking: { type: 'adaptive', display: 'omitted' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  output_config: { effort: 'high', format: { type: 'json_schema', schema: {} } },
  stop_sequences: ['\n\nHuman:', 'END'],
  service_tier: 'auto',
};

describe('nearly the same thing', () => {
  test('a request passes through with the resolved model, without stream and nulls', () => {
    const parsed = parse(
      { ...claudeCode, stream: true, top_k: null, container: null },
      contextOf({ abilities: { effort: ['high'] } }),
    );
    expect(parsed.request).toEqual({ ...base, ...claudeCode, model: 'claude-test-1' });
    expect(parsed).toMatchObject({
      stream: true,
      report: { ignored: [], emulated: ['messages'] },
      emulatedStops: [],
    });
  });

  test('the order of members is the caller’s, so that prompts cache alike', () => {
    const [tool] = (request(claudeCode)['tools'] ?? []) as object[];
    expect(Object.keys(tool ?? {})).toEqual(Object.keys(claudeCode.tools[0] ?? {}));
  });

  test('sampling is passed on as it is', () => {
    expect(request({ temperature: 0.7, top_k: 5 })).toMatchObject({ temperature: 0.7, top_k: 5 });
    expect(parse({ temperature: 0.7, top_p: 0.5 }).report.ignored).toEqual(['top_p']);
    expect(request({ temperature: 0.7, top_p: 0.5 }, contextOf({ abilities: { sampling: 'both' } }))).toMatchObject({
      temperature: 0.7,
      top_p: 0.5,
    });
    const none = parse({ temperature: 0.7, top_p: 0.5, top_k: 3 }, contextOf({ base: adaptiveModel }));
    expect(none.report.ignored).toEqual(['temperature', 'top_p', 'top_k']);
    expect(none.request).toEqual({ ...base, model: 'claude-test-1' });
    expect(parse({ temperature: 1 }, contextOf({ base: adaptiveModel })).report).toEqual(nothing);
  });

  test.each(['ultra', 5])(
    'an effort that does not exist (%j) is a 400, except where the API says so itself',
    (effort) => {
      const body = { output_config: { effort } };
      for (const context of [contextOf({ via: 'alias', engine: 'anthropic-api' }), contextOf()]) {
        expect(failure(() => parse(body, context))).toMatchObject({
          code: 'invalid_request',
          param: 'output_config.effort',
        });
      }
      expect(request(body, api)).toMatchObject(body);
    },
  );

  test('a refusal says why, not what becomes of the parameter elsewhere', () => {
    expect(failure(() => parse({ container: 'c' })).message).toBe(
      "Unsupported parameter: 'container'. Engine `claude-code`: a feature of the API alone, which this engine cannot ask for.",
    );
  });

  test('a system message before tool results joins them, behind', () => {
    const messages = [
      user,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
      { role: 'system', content: 's' },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] },
    ];
    const { request: sent, report } = parse({ messages }, contextOf({ via: 'alias', engine: 'anthropic-api' }));
    expect(sent.messages.slice(2)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't' },
          { type: 'text', text: '<system-reminder>\ns\n</system-reminder>' },
        ],
      },
    ]);
    expect(report).toEqual({ ignored: [], emulated: ['messages'] });
  });

  test('unknown members: the API judges them, Claude Code cannot carry them', () => {
    expect(request({ brand_new: 1 }, api)).toMatchObject({ brand_new: 1 });
    expect(parse({ brand_new: 1 }, api).report).toEqual(nothing);
    expect(request({ brand_new: 1 })).not.toHaveProperty('brand_new');
    expect(parse({ brand_new: 1 }).report.ignored).toEqual(['brand_new']);
  });

  test('betas of the header and of the body', () => {
    expect(parse({ betas: ['b', 'c'] }, contextOf({ betas: ['a', 'b'] })).betas).toEqual(['a', 'b', 'c']);
    expect(request({ betas: ['b'] }, api)).not.toHaveProperty('betas');
  });

  test('output_format is the older name of output_config.format', () => {
    const format = { type: 'json_schema', schema: {} };
    expect(request({ output_format: format, output_config: { effort: 'low' } })['output_config']).toEqual({
      effort: 'low',
      format,
    });
  });

  test('foreign tool ids are mapped in calls and results alike', () => {
    const history = (id: string) => [
      user,
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id }] },
    ];
    const { messages } = parse({ messages: history('call:1') }).request;
    const [, id] = /"id":"([^"]*)"/u.exec(JSON.stringify(messages)) ?? [];
    expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/u);
    expect(messages).toEqual(history(String(id)));
    expect(parse({ messages: history('call_1') }).request.messages).toEqual(history('call_1'));
  });

  test.each([
    ['container', 'c'],
    ['mcp_servers', [{ url: 'x' }]],
    ['inference_geo', 'eu'],
  ])('%s: passed on to the API, refused on Claude Code', (name, value) => {
    expect(request({ [name]: value }, api)).toMatchObject({ [name]: value });
    expect(failure(() => parse({ [name]: value }))).toMatchObject({ code: 'unsupported_parameter', param: name });
  });
});

describe('refusals in the API’s own words', () => {
  test.each([{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }])('thread %j', (thread) => {
    const error = failure(() => parse({ thread }));
    expect(error.code).toBe('thread_unsupported');
    expect(anthropicMessages.renderError(error, 'req_1').body).toEqual({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: error.message,
        details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
      },
      request_id: 'req_1',
    });
  });

  test('prefill: continued by the API where the model can', () => {
    const messages = [user, { role: 'assistant', content: 'The answer is (' }];
    expect(request({ messages }, api)['messages']).toEqual(messages);
    expect(
      failure(() => parse({ messages }, contextOf({ engine: 'anthropic-api', abilities: { prefill: false } }))).message,
    ).toBe('This model does not support assistant message prefill. The conversation must end with a user message.');
    expect(failure(() => parse({ messages })).message).toBe(
      'The engine claude-code of this server cannot continue an assistant message (prefill), although the model can. The conversation must end with a user message.',
    );
    expect(failure(() => parse({ messages }, contextOf({ abilities: { prefill: false } }))).message).toContain(
      'This model does not support',
    );
  });

  test('an answer paused in a server tool goes back as it is', () => {
    const messages = [
      user,
      { role: 'assistant', content: [{ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }] },
    ];
    expect(
      request({ messages }, contextOf({ engine: 'anthropic-api', abilities: { prefill: false } }))['messages'],
    ).toEqual(messages);
  });
});

describe('fitted to the model a foreign name was mapped to', () => {
  const betweenTools: Abilities = {
    ...adaptiveModel,
    effort: ['low', 'medium', 'high', 'xhigh', 'max'],
    leastThinking: 'between_tools',
    forcedTools: false,
  };
  const tools = [{ name: 'f', input_schema: { type: 'object' } }];
  const fit = (body: object, options: Parameters<typeof contextOf>[0] = {}) => {
    const parsed = parse(body, contextOf({ via: 'unknown', ...options }));
    const { model: _model, messages: _messages, ...rest } = parsed.request as unknown as Record<string, unknown>;
    return { ...rest, ...parsed.report };
  };
  test.each([
    [
      'a limit above the maximum',
      { max_tokens: 128_000 },
      {},
      { max_tokens: 64_000, ignored: [], emulated: ['max_tokens'] },
    ],
    [
      'adaptive thinking by its effort, for a model with budgets',
      { max_tokens: 64_000, thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'medium' } },
      {},
      {
        max_tokens: 64_000,
        thinking: { type: 'enabled', budget_tokens: 8192, display: 'omitted' },
        ignored: [],
        emulated: ['thinking', 'output_config.effort'],
      },
    ],
    [
      'adaptive thinking where there is no room',
      {
        thinking: { type: 'adaptive' },
        context_management: { edits: [{ type: 'clear_thinking_20251015' }, { type: 'clear_tool_uses_20250919' }] },
      },
      {},
      {
        max_tokens: 100,
        context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
        ignored: ['thinking', 'context_management'],
        emulated: [],
      },
    ],
    [
      'an effort, for a model without',
      { output_config: { effort: 'low' } },
      {},
      { max_tokens: 100, ignored: ['output_config.effort'], emulated: [] },
    ],
    [
      'an effort above the highest',
      { output_config: { effort: 'max' } },
      { base: adaptiveModel },
      { max_tokens: 100, output_config: { effort: 'high' }, ignored: [], emulated: ['output_config.effort'] },
    ],
    [
      'a budget, for a model without',
      { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 4000 },
      { base: adaptiveModel },
      { max_tokens: 4000, thinking: { type: 'adaptive' }, ignored: [], emulated: ['thinking'] },
    ],
    [
      'no thinking, for a model that always thinks',
      { thinking: { type: 'disabled' } },
      { base: adaptiveModel },
      { max_tokens: 100, output_config: { effort: 'low' }, ignored: [], emulated: ['thinking'] },
    ],
    [
      'no thinking and an effort',
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      { base: adaptiveModel },
      { max_tokens: 100, output_config: { effort: 'high' }, ignored: ['thinking'], emulated: [] },
    ],
    [
      'no thinking, for a model that thinks between tools',
      { thinking: { type: 'disabled' }, output_config: { effort: 'max' } },
      { base: betweenTools },
      {
        max_tokens: 100,
        thinking: { type: 'between_tools' },
        output_config: { effort: 'high' },
        ignored: [],
        emulated: ['thinking', 'output_config.effort'],
      },
    ],
    [
      'between tools, where that stays',
      { thinking: { type: 'between_tools' } },
      { base: betweenTools },
      { max_tokens: 100, thinking: { type: 'between_tools' }, ignored: [], emulated: [] },
    ],
    [
      'between tools, for a model with budgets',
      { thinking: { type: 'between_tools' } },
      {},
      { max_tokens: 100, ignored: [], emulated: ['thinking'] },
    ],
    [
      'between tools, for a model that can stop thinking',
      { thinking: { type: 'between_tools' } },
      { base: { ...adaptiveModel, thinkingOff: true } },
      { max_tokens: 100, thinking: { type: 'disabled' }, ignored: [], emulated: ['thinking'] },
    ],
    [
      'a forced tool, for a model that refuses it',
      { tools, tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      { base: betweenTools },
      {
        max_tokens: 100,
        tools,
        tool_choice: { type: 'none' },
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              type: 'object',
              description: 'The arguments of a call of the tool f.',
              properties: {},
              additionalProperties: false,
            },
          },
        },
        ignored: [],
        emulated: ['tool_choice'],
      },
    ],
    [
      'a budget that no longer fits',
      { thinking: { type: 'enabled', budget_tokens: 100_000 }, max_tokens: 128_000 },
      {},
      {
        max_tokens: 64_000,
        thinking: { type: 'enabled', budget_tokens: 48_000 },
        ignored: [],
        emulated: ['max_tokens', 'thinking'],
      },
    ],
    [
      'what fits stays',
      { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 4000 },
      {},
      { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2048 }, ignored: [], emulated: [] },
    ],
  ])('%s', (_, body, options, expected) => {
    expect(fit(body, options)).toEqual(expected);
  });

  test('in a tool loop begun without thinking, a model with budgets does not think', () => {
    const loop = (first: object[]) => [
      user,
      { role: 'assistant', content: [...first, { type: 'tool_use', id: 'a', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] },
    ];
    const body = { max_tokens: 30_000, thinking: { type: 'adaptive' } };
    expect(fit({ ...body, messages: loop([]) }).ignored).toEqual(['thinking']);
    expect(fit({ ...body, messages: loop([{ type: 'thinking', thinking: 't', signature: 's' }]) }).emulated).toEqual([
      'thinking',
    ]);
  });

  test('a model named exactly gets what was asked, for the API to judge', () => {
    const body = { max_tokens: 128_000, thinking: { type: 'adaptive' }, output_config: { effort: 'max' } };
    expect(parse(body, api)).toMatchObject({ request: body, report: nothing });
    expect(parse(body).report, 'Claude Code leaves an effort out where the model has none').toEqual({
      ignored: ['output_config.effort'],
      emulated: [],
    });
  });
});

describe('count_tokens', () => {
  test('the same request without a limit', () => {
    const { max_tokens: _limit, ...body } = { ...base, ...claudeCode };
    const { metadata: _user, stop_sequences: _stops, service_tier: _tier, ...counted } = claudeCode;
    expect(parseCountTokens({ ...body, temperature: 1 }, contextOf()).request).toEqual({
      ...counted,
      max_tokens: 64_000,
      model: 'claude-test-1',
    });
  });
  test('its errors', () => {
    expect(failure(() => parseCountTokens({ model: 'm' }, contextOf()))).toMatchObject({ param: 'messages' });
    expect(failure(() => parseCountTokens({ ...base, thread: { type: 'create' } }, contextOf())).code).toBe(
      'thread_unsupported',
    );
  });
});

describe('types and ranges', () => {
  test.each([
    [{ model: undefined }, 'model'],
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
    [{ messages: [user, { role: 'user', content: [{ type: 'text' }] }] }, 'messages.1.content.0.text'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages.0.content.0.type'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }, 'messages.0.content.0.tool_use_id'],
    [
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: 'x' }] }] },
      'messages.0.content.0.input',
    ],
    [{ system: 3 }, 'system'],
    [{ system: [{ type: 'image' }] }, 'system.0.type'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ top_p: 2 }, 'top_p'],
    [{ top_k: -1 }, 'top_k'],
    [{ stop_sequences: 'x' }, 'stop_sequences'],
    [{ thinking: {} }, 'thinking.type'],
    [{ tool_choice: { type: 'maybe' } }, 'tool_choice.type'],
    [{ tools: [{ name: 'f' }] }, 'tools.0.input_schema'],
    [{ tools: [{ name: 'a b', input_schema: {} }] }, 'tools.0.name'],
    [{ tools: [{ input_schema: {} }] }, 'tools.0.name'],
    [{ metadata: { user_id: 3 } }, 'metadata.user_id'],
    [{ stream: 1 }, 'stream'],
  ])('%j names %s', (body, param) => {
    const error = failure(() => parse(body));
    expect(error).toMatchObject({ code: 'invalid_request', param });
    expect(error.message.startsWith(`${param}: `)).toBe(true);
  });
});

test('keepalive, ping and errors in a stream are the API’s own frames', async () => {
  expect(anthropicMessages.keepalive).toEqual({ event: 'ping', data: '{"type":"ping"}' });
  const error = failure(() => parse({ model: undefined }));
  expect(anthropicMessages.errorFrame(error, 'req_1')).toEqual({
    event: 'error',
    data: JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message: error.message },
      request_id: 'req_1',
    }),
  });
});

test.each([['\ud800'], ['a b'], ['a\nx-other: 1'], ['']])('a beta that no header can carry is refused: %j', (beta) => {
  const body = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }], betas: ['fine-2025', beta] };
  expect(failure(() => anthropicMessages.parse(body, api))).toMatchObject({
    code: 'invalid_request',
    param: 'betas.1',
  });
});
