import { abilitiesFor } from '../../src/engines/claude/abilities.ts';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/util/sha256.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { chatParameters } from '../../src/dialects/openai-chat/parameters.ts';
import { strictError } from '../../src/dialects/strict-mode.ts';
import type { ParseContext } from '../../src/dialects/dialect.ts';
import { adaptiveModel, contextOf, failure } from './support.ts';

const messages = [{ role: 'user', content: 'hi' }];
const parse = (body: object, context: ParseContext = contextOf()) =>
  openAiChat.parse({ model: 'gpt-4o', messages, ...body }, context);
const request = (body: object, context?: ParseContext) => parse(body, context).request;
const report = (body: object, context?: ParseContext) => parse(body, context).report;
const adaptive = contextOf({ base: adaptiveModel });
const nothing = { ignored: [], emulated: [] };

describe('a plain request', () => {
  test('becomes the resolved model, a limit and the messages, and nothing is reported', () => {
    const parsed = parse({});
    expect(parsed.request).toEqual({
      model: 'claude-test-1',
      max_tokens: 32_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    });
    expect(parsed).toMatchObject({ stream: false, report: nothing, emulatedStops: [] });
  });

  test('explicit nulls are as good as absence', () => {
    const names = chatParameters.map(({ name }) => name).filter((name) => !/[.[]|^(model|messages)$/u.test(name));
    const parsed = parse({
      ...Object.fromEntries(names.map((name) => [name, null])),
      stream_options: null,
      reasoning: null,
    });
    expect(parsed.request).toEqual(request({}));
    expect(parsed.report).toEqual(nothing);
  });

  test('defaults written out ask for nothing', () => {
    const defaults = {
      n: 1,
      store: false,
      logprobs: false,
      top_logprobs: 0,
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: {},
      modalities: ['text'],
      metadata: {},
      top_p: 1,
      response_format: { type: 'text' },
      parallel_tool_calls: true,
      stop: [],
    };
    expect(parse(defaults).request).toEqual(request({}));
    expect(report(defaults)).toEqual(nothing);
  });
});

describe('limits', () => {
  test.each([
    [{ max_tokens: 5 }, 5, []],
    [{ max_completion_tokens: 6 }, 6, []],
    [{ max_tokens: 5, max_completion_tokens: 6 }, 6, []],
    [{ max_tokens: 100_000 }, 64_000, ['max_tokens']],
    [{ max_completion_tokens: 100_000 }, 64_000, ['max_completion_tokens']],
  ])('%j gives max_tokens %i', (body, max_tokens, emulated) => {
    expect(request(body).max_tokens).toBe(max_tokens);
    expect(report(body)).toEqual({ ignored: [], emulated });
  });
  test('the default never exceeds the model’s maximum', () => {
    expect(request({}, contextOf({ abilities: { maxOutputTokens: 8192 } })).max_tokens).toBe(8192);
  });
});

describe('sampling', () => {
  const sampled = (body: object, context?: ParseContext) => {
    const { temperature, top_p } = request(body, context);
    return { temperature, top_p, ignored: report(body, context).ignored };
  };
  const both = contextOf({ abilities: { sampling: 'both' } });
  test.each([
    ['halved', { temperature: 2 }, both, { temperature: 1, ignored: [] }],
    ['zero stays', { temperature: 0 }, both, { temperature: 0, ignored: [] }],
    ['top_p', { top_p: 0.3 }, both, { top_p: 0.3, ignored: [] }],
    [
      'both, where the model takes both',
      { temperature: 1, top_p: 0.3 },
      both,
      { temperature: 0.5, top_p: 0.3, ignored: [] },
    ],
    [
      'temperature wins, where it takes one',
      { temperature: 1, top_p: 0.3 },
      contextOf(),
      { temperature: 0.5, ignored: ['top_p'] },
    ],
    ['top_p 1 restricts nothing', { temperature: 0.1, top_p: 1 }, contextOf(), { temperature: 0.05, ignored: [] }],
    ['none, where it takes none', { temperature: 1, top_p: 0.3 }, adaptive, { ignored: ['temperature', 'top_p'] }],
    [
      'a thinking model takes no temperature',
      { temperature: 1, reasoning_effort: 'low' },
      contextOf(),
      { ignored: ['temperature'] },
    ],
    [
      'a thinking model takes a high top_p',
      { top_p: 0.95, reasoning_effort: 'low' },
      contextOf(),
      { top_p: 0.95, ignored: [] },
    ],
    [
      'a thinking model takes no low top_p',
      { top_p: 0.5, reasoning_effort: 'low' },
      contextOf(),
      { ignored: ['top_p'] },
    ],
  ])('%s', (_, body, context, expected) => {
    expect(sampled(body, context)).toEqual({ temperature: undefined, top_p: undefined, ...expected });
  });
});

describe('stop', () => {
  test.each([
    ['END', ['END'], []],
    [
      ['a', '\n\n', ' b', '\t'],
      ['a', ' b'],
      ['\n\n', '\t'],
    ],
    ['\n', undefined, ['\n']],
    [['', 'x'], ['x'], []],
  ])('%j', (stop, native, emulated) => {
    const parsed = parse({ stop });
    expect(parsed.request.stop_sequences).toEqual(native);
    expect(parsed.emulatedStops).toEqual(emulated);
    expect(parsed.report).toEqual({ ignored: [], emulated: emulated.length > 0 ? ['stop'] : [] });
  });
});

describe('reasoning', () => {
  const thought = (body: object, context?: ParseContext) => {
    const { thinking, output_config } = request(body, context);
    return { thinking, effort: output_config?.effort, ...report(body, context) };
  };
  const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens });
  const adaptively = { type: 'adaptive', display: 'summarized' };
  test.each([
    ['none', {}, undefined, nothing],
    ['minimal', {}, enabled(1024), nothing],
    ['low', {}, enabled(4096), nothing],
    ['medium', {}, enabled(8192), nothing],
    ['high', {}, enabled(16_384), nothing],
    ['xhigh', {}, enabled(24_000), { ignored: [], emulated: ['reasoning_effort'] }],
    ['xhigh', { max_tokens: 60_000 }, enabled(31_999), nothing],
    ['high', { max_tokens: 2000 }, enabled(1500), { ignored: [], emulated: ['reasoning_effort'] }],
    ['high', { max_tokens: 1300 }, undefined, { ignored: ['reasoning_effort'], emulated: [] }],
  ])('a model with budgets: %s with %j', (reasoning_effort, more, thinking, expected) => {
    expect(thought({ reasoning_effort, ...more })).toEqual({ thinking, effort: undefined, ...expected });
  });

  test.each([
    ['none', undefined, 'low', { ignored: [], emulated: ['reasoning_effort'] }],
    ['minimal', adaptively, 'low', { ignored: [], emulated: ['reasoning_effort'] }],
    ['low', adaptively, 'low', nothing],
    ['high', adaptively, 'high', nothing],
    ['xhigh', adaptively, 'high', { ignored: [], emulated: ['reasoning_effort'] }],
  ])('a model with effort levels: %s', (reasoning_effort, thinking, effort, expected) => {
    expect(thought({ reasoning_effort }, adaptive)).toEqual({ thinking, effort, ...expected });
  });

  test('a model that always thinks does so as little as it can for none', () => {
    expect(
      thought(
        { reasoning_effort: 'none' },
        contextOf({ base: adaptiveModel, abilities: { leastThinking: 'between_tools' } }),
      ),
    ).toEqual({ thinking: { type: 'between_tools' }, effort: undefined, ignored: [], emulated: ['reasoning_effort'] });
    expect(
      thought({ reasoning_effort: 'none' }, contextOf({ base: adaptiveModel, abilities: { effort: [] } })),
    ).toEqual({ thinking: undefined, effort: undefined, ignored: ['reasoning_effort'], emulated: [] });
  });

  test('a model that can stop thinking stops for none', () => {
    expect(
      thought({ reasoning_effort: 'none' }, contextOf({ base: adaptiveModel, abilities: { thinkingOff: true } })),
    ).toEqual({ thinking: { type: 'disabled' }, effort: undefined, ...nothing });
  });

  test.each([
    [{ reasoning: { enabled: false, effort: 'high' } }, undefined, nothing],
    [{ reasoning: { effort: 'high' } }, enabled(16_384), nothing],
    [{ reasoning: { enabled: true } }, enabled(8192), nothing],
    [{ reasoning: { max_tokens: 5000 } }, enabled(5000), nothing],
    [{ reasoning: { effort: 'low' }, reasoning_effort: 'high' }, enabled(16_384), nothing],
    [{ reasoning: { max_tokens: 500_000 } }, enabled(24_000), { ignored: [], emulated: ['reasoning.max_tokens'] }],
  ])('OpenRouter’s form %j', (body, thinking, expected) => {
    expect(thought(body)).toEqual({ thinking, effort: undefined, ...expected });
  });

  const tools = [{ type: 'function', function: { name: 'f' } }];
  test('a forced tool: no thinking, and it is said', () => {
    expect(thought({ tools, tool_choice: 'required', reasoning_effort: 'high' })).toEqual({
      thinking: undefined,
      effort: undefined,
      ignored: ['reasoning_effort'],
      emulated: [],
    });
    expect(thought({ tools, tool_choice: 'required', reasoning_effort: 'high' }, adaptive)).toEqual({
      thinking: undefined,
      effort: 'high',
      ignored: [],
      emulated: ['reasoning_effort'],
    });
  });

  test('inside a tool loop, the API wants the thinking that OpenAI’s format lost; Claude Code still has it', () => {
    const loop = [
      ...messages,
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'r' },
    ];
    expect(
      thought({ messages: loop, tools, reasoning_effort: 'low' }, contextOf({ engine: 'anthropic-api' })).ignored,
    ).toEqual(['reasoning_effort']);
    expect(thought({ messages: loop, tools, reasoning_effort: 'low' }).thinking).toEqual(enabled(4096));
  });
});

describe('tools', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string', pattern: 'x' } },
    $schema: 'https://json-schema.org/draft/2020-12/schema',
  };
  const fn = (name: string, more: object = {}) => ({ type: 'function', function: { name, ...more } });
  const out = (body: object) => {
    const { tools, tool_choice } = request(body);
    return { tools, tool_choice };
  };

  test('names, descriptions and schemas unchanged; a missing schema is an empty object', () => {
    expect(out({ tools: [fn('f', { description: 'd', parameters: schema, strict: false }), fn('g')] }).tools).toEqual([
      { name: 'f', description: 'd', input_schema: schema },
      { name: 'g', input_schema: { type: 'object', properties: {} } },
    ]);
  });

  test('strict where the API can enforce it, else said to be ignored', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const body = {
      tools: [fn('f', { parameters: closed, strict: true }), fn('g', { parameters: schema, strict: true })],
    };
    expect(out(body).tools).toEqual([
      { name: 'f', input_schema: closed, strict: true },
      { name: 'g', input_schema: schema },
    ]);
    expect(report(body).ignored).toEqual(['tools[].function.strict']);
    const many = {
      tools: Array.from({ length: 25 }, (_, index) => fn(`f${index}`, { parameters: closed, strict: true })),
    };
    expect(request(many).tools?.filter((tool) => 'strict' in tool)).toHaveLength(20);
  });

  const tools = [fn('f'), fn('g')];
  test.each([
    [{}, undefined],
    [{ tool_choice: 'auto' }, undefined],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: fn('g') }, { type: 'tool', name: 'g' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { tool_choice: 'required', parallel_tool_calls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
  ])('tool_choice of %j', (body, expected) => {
    expect(out({ tools, ...body }).tool_choice).toEqual(expected);
  });

  test.each([
    [{ tools, tool_choice: 'required' }, {}, 'tool_choice'],
    [{ tools, tool_choice: fn('g'), parallel_tool_calls: false }, { tool: 'g' }, 'tool_choice'],
    [{ functions: [{ name: 'f' }], function_call: { name: 'f' } }, { tool: 'f' }, 'function_call'],
  ])('%j is emulated on a model that refuses to be forced', (body, forcedCall, name) => {
    const parsed = parse(body, contextOf({ base: adaptiveModel, abilities: { forcedTools: false } }));
    expect(parsed).toMatchObject({ request: { tool_choice: { type: 'none' } }, forcedCall });
    expect(parsed.report).toEqual({ ignored: [], emulated: [name] });
  });

  test('allowed_tools offers only those', () => {
    const { tools: offered, tool_choice } = out({
      tools,
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [fn('g')] } },
    });
    expect(offered?.map((tool) => 'name' in tool && tool.name)).toEqual(['g']);
    expect(tool_choice).toEqual({ type: 'any' });
  });

  test('the legacy form', () => {
    const parsed = parse({ functions: [{ name: 'f', parameters: schema }], function_call: { name: 'f' } });
    expect(parsed.request.tools).toEqual([{ name: 'f', input_schema: schema }]);
    expect(parsed.request.tool_choice).toEqual({ type: 'tool', name: 'f', disable_parallel_tool_use: true });
    expect(parsed.answer).toMatchObject({ legacyFunctions: true });
    expect(out({ functions: [{ name: 'f' }], function_call: 'none' }).tool_choice).toEqual({ type: 'none' });
  });

  test.each([
    ['a tool that is not there', { tools, tool_choice: fn('h') }, 'tool_choice', 'invalid_request'],
    ['required without tools', { tool_choice: 'required' }, 'tool_choice', 'invalid_request'],
    [
      'a custom tool that is not there',
      { tools, tool_choice: { type: 'custom', custom: { name: 'x' } } },
      'tool_choice',
      'invalid_request',
    ],
    ['a bare tool with a space', { tools: [{ name: 'a b', input_schema: {} }] }, 'tools[0].name', 'invalid_request'],
    ['a name with a space', { tools: [fn('a b')] }, 'tools[0].function.name', 'invalid_request'],
    ['a name of 65', { tools: [fn('a'.repeat(65))] }, 'tools[0].function.name', 'invalid_request'],
  ])('%s is refused by name', (_, body, param, code) => {
    expect(failure(() => parse(body))).toMatchObject({ param, code });
  });
});

describe('response_format', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const json = (value: object) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: value } },
  });
  test('a schema is enforced by the API', () => {
    expect(request(json({ $schema: 'x', ...schema })).output_config).toEqual({
      format: { type: 'json_schema', schema },
    });
    expect(report(json(schema))).toEqual(nothing);
  });
  test('a schema beside json_object, as instructor sends it', () => {
    expect(request({ response_format: { type: 'json_object', schema } }).output_config).toEqual({
      format: { type: 'json_schema', schema },
    });
  });
  test('json_object is asked for in words, and that is said', () => {
    const parsed = parse({
      messages: [{ role: 'system', content: 's' }, ...messages],
      response_format: { type: 'json_object' },
    });
    expect(parsed.request.system).toEqual([
      { type: 'text', text: 's' },
      {
        type: 'text',
        text: 'Answer with a single JSON object and nothing else: no prose around it and no code fence.',
      },
    ]);
    expect(parsed.request.output_config).toBeUndefined();
    expect(parsed.report.emulated).toEqual(['response_format']);
  });
  test('what the API cannot enforce is weakened and said', () => {
    expect(report(json({ ...schema, properties: { a: { type: 'string', minLength: 3 } } })).emulated).toEqual([
      'response_format',
    ]);
  });
  test('what it cannot take at all is refused by name', () => {
    const recursive = {
      $ref: '#/$defs/n',
      $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } }, additionalProperties: false } },
    };
    expect(failure(() => parse(json(recursive)))).toMatchObject({
      param: 'response_format.json_schema.schema',
      code: 'invalid_request',
    });
    expect(failure(() => parse(json({ type: 'object', properties: { a: {} } })))).toMatchObject({
      param: 'response_format.json_schema.schema.properties.a',
    });
  });
});

describe('the rest', () => {
  test('a login of Claude Code has metadata of its own', () => {
    const loggedIn = { ...contextOf(), engine: { name: 'claude-code', abilities: abilitiesFor('subscription') } };
    expect(report({ user: 'ann', safety_identifier: 'bob' }, loggedIn).ignored).toEqual(['user', 'safety_identifier']);
    expect(report({ user: '' }, loggedIn)).toEqual(nothing);
  });

  test('user and safety_identifier are hashed', () => {
    expect(request({ user: 'ann' }).metadata).toEqual({ user_id: sha256('ann') });
    expect(request({ user: 'ann', safety_identifier: 'bob' }).metadata).toEqual({ user_id: sha256('bob') });
    expect(request({ user: '' }).metadata).toBeUndefined();
  });

  test.each([
    [{ service_tier: 'auto' }, 'auto', []],
    [{ service_tier: 'default' }, 'standard_only', []],
    [{ service_tier: 'flex' }, undefined, ['service_tier']],
  ])('%j', (body, tier, ignored) => {
    expect(request(body).service_tier).toBe(tier);
    expect(report(body).ignored).toEqual(ignored);
  });

  test('cache_control is accepted anywhere, and nothing is said of what clients send unasked', () => {
    const cache_control = { type: 'ephemeral' };
    const body = {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's', cache_control }] },
        { role: 'user', content: 'u', cache_control },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' }, cache_control }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'r', cache_control },
      ],
    };
    expect(report(body)).toEqual({ ignored: [], emulated: [] });
    expect(request(body)).not.toHaveProperty('cache_control');
    expect(request(body, contextOf({ engine: 'anthropic-api' })).cache_control).toEqual(cache_control);
  });

  const ignored = {
    frequency_penalty: 1,
    presence_penalty: -1,
    seed: 4,
    logit_bias: { 50256: -100 },
    verbosity: 'low',
    metadata: { a: 'b' },
    store: true,
    logprobs: true,
    top_logprobs: 3,
    prediction: { type: 'content', content: 'x' },
    moderation: { model: 'm' },
  };
  test.each(Object.entries(ignored))('%s is ignored and said', (name, value) => {
    expect(report({ [name]: value })).toEqual({ ignored: [name], emulated: [] });
    expect(request({ [name]: value })).toEqual(request({}));
  });

  test('what no caller can miss is ignored without a word', () => {
    const thought = [...messages, { role: 'assistant', content: 'a', reasoning_content: 'hm' }, ...messages];
    expect(report({ messages: thought, prompt_cache_key: 'k', prompt_cache_retention: '24h' })).toEqual(nothing);
  });

  test('members nobody knows are ignored and said, without repeating strange names', () => {
    expect(report({ foo: 1, 'a\r\nb': 2, é: 3 }).ignored).toEqual(['foo', '(other)']);
  });

  test.each([
    [{ n: 2 }, 'n'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ audio: { voice: 'x' } }, 'audio'],
  ])('%j is refused', (body, param) => {
    expect(failure(() => parse(body))).toMatchObject({ code: 'unsupported_parameter', param });
  });

  test('strict mode names what would be ignored', () => {
    expect(strictError(report({}))).toBeUndefined();
    expect(strictError(report({ seed: 1, store: true }))).toMatchObject({
      code: 'unsupported_parameter',
      param: 'seed',
      message: expect.stringContaining("'store'"),
    });
  });
});

describe('types and ranges', () => {
  test.each([
    [{ model: undefined }, 'model'],
    [{ model: 3 }, 'model'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [{ role: 'alien', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [...messages, { role: 'user', content: 3 }] }, 'messages[1].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{ type: 'video' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ frequency_penalty: 3 }, 'frequency_penalty'],
    [{ presence_penalty: -2.5 }, 'presence_penalty'],
    [{ n: 0 }, 'n'],
    [{ seed: 0.5 }, 'seed'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ stop: [1] }, 'stop[0]'],
    [{ logit_bias: { 1: 101 } }, 'logit_bias.1'],
    [{ top_logprobs: 21 }, 'top_logprobs'],
    [{ reasoning_effort: 'extreme' }, 'reasoning_effort'],
    [{ verbosity: 'loud' }, 'verbosity'],
    [{ service_tier: 'gold' }, 'service_tier'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) }, 'metadata'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tool_choice: 'maybe' }, 'tool_choice'],
    [{ response_format: { type: 'yaml' } }, 'response_format.type'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ user: 5 }, 'user'],
    [{ safety_identifier: 'x'.repeat(129) }, 'safety_identifier'],
    [{ web_search_options: 4 }, 'web_search_options'],
    [{ moderation: 3 }, 'moderation'],
    [{ prompt_cache_options: 4 }, 'prompt_cache_options'],
    [{ store: 'no' }, 'store'],
  ])('%j names %s', (body, param) => {
    expect(failure(() => parse(body))).toMatchObject({ code: 'invalid_request', param });
  });

  test.each([
    [{ temperature: '1' }, "Invalid value for 'temperature': expected a number, received a string."],
    [
      { messages: [{ role: 'user', content: 3 }] },
      "Invalid value for 'messages[0].content': expected a string or an array, received a number.",
    ],
    [
      { messages: [{ role: 'alien' }] },
      `Invalid value for 'messages[0].role': expected "system", "developer", "user", "assistant", "tool" or "function", received "alien".`,
    ],
    [{ temperature: 3 }, "Invalid value for 'temperature': expected at most 2, received 3."],
    [{ n: 0 }, "Invalid value for 'n': expected at least 1, received 0."],
    [{ max_tokens: 1.5 }, "Invalid value for 'max_tokens': expected a whole number, received 1.5."],
    [{ messages: [] }, "Invalid value for 'messages': it must not be empty."],
    [
      { metadata: { a: 'x'.repeat(513) } },
      "Invalid value for 'metadata.a': expected at most 512 characters, received 513.",
    ],
    [{ stream: 'yes' }, "Invalid value for 'stream': expected true or false, received a string."],
    [
      { tool_choice: 'maybe' },
      `Invalid value for 'tool_choice': expected "none", "auto", "required" or an object, received a string.`,
    ],
    [{ model: undefined }, "Invalid value for 'model': this field is required."],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, "Invalid value for 'stop': at most 4 sequences."],
    [{ stop: 3 }, "Invalid value for 'stop': expected a string or an array, received a number."],
    [{ n: 2 }, "Unsupported value for 'n': only 1 is accepted. Claude gives one answer a request."],
  ])('%j says what is wrong', (body, message) => {
    expect(failure(() => parse(body)).message).toBe(message);
  });

  test.each([null, [], 'text', 3])('a body of %j is refused', (body) => {
    expect(failure(() => openAiChat.parse(body, contextOf()))).toMatchObject({ code: 'invalid_request' });
  });

  test('a body too deep to walk is refused', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(failure(() => parse({ foo: deep }))).toMatchObject({ code: 'invalid_request' });
  });

  test('what the resolver refuses passes through', () => {
    expect(failure(() => parse({ model: 'unknown-model' }))).toMatchObject({ code: 'model_not_found', param: 'model' });
  });
});
