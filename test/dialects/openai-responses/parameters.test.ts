import { describe, expect, it, test } from 'vitest';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { responsesParameters } from '../../../src/dialects/openai-responses/parameters.ts';
import { adaptiveModel, contextOf, failure } from '../support.ts';
import { call, output, parse } from './support.ts';

const hi = [{ role: 'user', content: 'hi' }];
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const json = (more: object = {}) => ({ text: { format: { type: 'json_schema', name: 'n', schema, ...more } } });

describe('what reaches the model', () => {
  it.each<[string, object, object, object?]>([
    ['limit', { max_output_tokens: 100 }, { max_tokens: 100 }],
    ['none', {}, { max_tokens: 32_000 }],
    ['temperature, halved', { temperature: 1 }, { temperature: 0.5 }],
    ['top_p', { top_p: 0.5 }, { top_p: 0.5 }],
    ['effort as a budget', { reasoning: { effort: 'low' } }, { thinking: { type: 'enabled', budget_tokens: 4096 } }],
    [
      'effort as a level',
      { reasoning: { effort: 'low' } },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'low' } },
      { base: adaptiveModel },
    ],
    [
      'a summary alone shows the thinking',
      { reasoning: { summary: 'auto' } },
      { thinking: { type: 'adaptive', display: 'summarized' } },
      { base: adaptiveModel },
    ],
    [
      'by its older name',
      { reasoning: { generate_summary: 'concise' } },
      { thinking: { type: 'adaptive', display: 'summarized' } },
      { base: adaptiveModel },
    ],
    ['a schema', json(), { output_config: { format: { type: 'json_schema', schema } } }],
    [
      'its description',
      json({ description: 'd' }),
      { output_config: { format: { schema: { ...schema, description: 'd' } } } },
    ],
    ['user', { user: 'u' }, { metadata: { user_id: expect.stringMatching(/^[0-9a-f]{64}$/) } }],
    ['tier', { service_tier: 'default' }, { service_tier: 'standard_only' }],
    ['a cache', { prompt_cache_key: 'k' }, { cache_control: { type: 'ephemeral' } }, { engine: 'anthropic-api' }],
  ])('%s', (_, body, expected, options) => {
    const { request, report } = parse({ input: hi, ...body }, options);
    expect(request).toMatchObject(expected);
    expect(report).toEqual({ ignored: [], emulated: [] });
  });

  it('nothing of a summary that a model with budgets cannot have', () => {
    expect(parse({ input: hi, reasoning: { summary: 'auto' } })).toMatchObject({
      report: { ignored: [], emulated: [] },
      request: { messages: expect.anything() },
    });
    expect(parse({ input: hi, reasoning: { summary: 'auto' } }).request.thinking).toBeUndefined();
  });
});

describe('what is told', () => {
  it.each<[string, object, readonly string[], readonly string[], object?]>([
    ['above the maximum', { max_output_tokens: 1_000_000 }, [], ['max_output_tokens']],
    [
      'sampling that the model does not take',
      { temperature: 1, top_p: 0.5 },
      ['temperature', 'top_p'],
      [],
      { base: adaptiveModel },
    ],
    ['both, where it takes one', { temperature: 1, top_p: 0.5 }, ['top_p'], []],
    [
      'no effort of a model that always thinks',
      { reasoning: { effort: 'none' } },
      [],
      ['reasoning.effort'],
      { base: adaptiveModel },
    ],
    ['thinking in too few tokens', { reasoning: { effort: 'high' }, max_output_tokens: 500 }, ['reasoning.effort'], []],
    ['json_object', { text: { format: { type: 'json_object' } } }, [], ['text.format']],
    [
      'a weaker schema',
      json({ schema: { type: 'object', properties: { a: { type: 'string', minLength: 2 } } } }),
      [],
      ['text.format'],
    ],
    ['verbosity', { text: { verbosity: 'low' } }, ['text.verbosity'], []],
    ['truncation', { truncation: 'auto' }, ['truncation'], []],
    [
      'log probabilities',
      { top_logprobs: 3, include: ['message.output_text.logprobs'] },
      ['top_logprobs', 'include'],
      [],
    ],
    ['penalties', { presence_penalty: 1, frequency_penalty: 1 }, ['frequency_penalty', 'presence_penalty'], []],
    ['a tier', { service_tier: 'flex' }, ['service_tier'], []],
    ['an unknown member', { of_the_future: 1 }, ['of_the_future'], []],
  ])('%s', (_, body, ignored, emulated, options) => {
    expect(parse({ input: hi, ...body }, options).report).toEqual({ ignored, emulated });
  });

  it('nothing where nothing is asked for', () => {
    const quiet = {
      truncation: 'disabled',
      background: false,
      top_p: 1,
      top_logprobs: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      metadata: {},
      include: [],
      tools: [],
      text: {},
      temperature: null,
      reasoning: null,
      tool_choice: null,
      stream_options: { include_obfuscation: false },
      prompt_cache_key: 'k',
      client_metadata: { a: 'b' },
      user: null,
      store: null,
      previous_response_id: null,
      max_output_tokens: null,
      max_tool_calls: null,
      service_tier: null,
      instructions: null,
      conversation: null,
      prompt: null,
    };
    expect(parse({ input: hi, ...quiet }).report).toEqual({ ignored: [], emulated: [] });
    expect(parse({ input: hi, text: { format: { type: 'text' }, verbosity: 'medium' } }).report.ignored).toEqual([]);
  });

  it.each([
    ['background', true, 'background'],
    ['conversation', 'conv_1', 'conversation'],
    ['conversation', { id: 'conv_1' }, 'conversation'],
    ['prompt', { id: 'pmpt_1' }, 'prompt'],
  ])('%s %j is refused', (name, value, param) => {
    expect(failure(() => parse({ input: hi, [name]: value }))).toMatchObject({ code: 'unsupported_parameter', param });
  });

  it('a schema that cannot be enforced is refused by its place', () => {
    const recursive = { type: 'object', properties: { a: { $ref: '#' } } };
    expect(failure(() => parse({ input: hi, ...json({ schema: recursive }) })).param).toBe('text.format.schema');
  });
});

describe('thinking inside a tool loop of a model with budgets', () => {
  const effort = { reasoning: { effort: 'low' } };
  const loop = [...hi, call('c1'), output('c1')];
  it('is given up where the thinking before the calls is lost, and kept where it came back', () => {
    const lost = parse({ input: loop, ...effort }, { engine: 'anthropic-api' });
    expect([lost.request.thinking, lost.report.ignored]).toEqual([undefined, ['reasoning.effort']]);
    const { cipher } = contextOf();
    const encrypted_content = cipher?.encrypt(JSON.stringify([{ type: 'thinking', thinking: 'hm', signature: 's' }]));
    const kept = parse(
      { input: [...hi, { type: 'reasoning', summary: [], encrypted_content }, call('c1'), output('c1')], ...effort },
      { engine: 'anthropic-api' },
    );
    expect([kept.request.thinking?.type, kept.report.ignored]).toEqual(['enabled', []]);
  });

  it('is the engine’s where it keeps it', () => {
    expect(parse({ input: loop, ...effort }).request.thinking?.type).toBe('enabled');
  });
});

describe('how a conversation begins', () => {
  const start = (body: object) => openAiResponses.conversationStart(body);
  it('is the same in its later requests', () => {
    const first = {
      instructions: 'i',
      input: [
        { role: 'developer', content: 'd' },
        { role: 'user', content: 'u' },
      ],
    };
    const later = {
      ...first,
      input: [...first.input, { role: 'assistant', content: 'a' }, { role: 'user', content: 'more' }],
    };
    expect(start(later)).toEqual(start(first));
    expect(start({ instructions: 'i', input: 'u' })).toEqual(
      start({ instructions: 'i', input: [{ role: 'user', content: 'u' }] }),
    );
    expect(start({ input: 'v' })).not.toEqual(start({ input: 'u' }));
  });

  test.each([
    [{}],
    [{ input: null }],
    [{ input: [null, 1, 'x', { role: 'user' }] }],
    [{ input: { a: 1 }, instructions: 3 }],
  ])('takes any body: %j', (body) => {
    expect(Array.isArray(start(body))).toBe(true);
  });
});

test('every parameter of the official type, and what clients send beside them, has one row', () => {
  const fields = [
    'access_programs',
    'background',
    'context_management',
    'conversation',
    'image',
    'include',
    'input',
    'instructions',
    'max_output_tokens',
    'max_tool_calls',
    'metadata',
    'model',
    'moderation',
    'parallel_tool_calls',
    'previous_response_id',
    'prompt',
    'prompt_cache_key',
    'prompt_cache_options',
    'prompt_cache_retention',
    'reasoning.effort',
    'reasoning.summary',
    'reasoning.generate_summary',
    'reasoning.context',
    'reasoning.mode',
    'safety_identifier',
    'service_tier',
    'store',
    'stream',
    'stream_options.include_obfuscation',
    'temperature',
    'text.format',
    'text.verbosity',
    'tool_choice',
    'tools',
    'top_logprobs',
    'top_p',
    'truncation',
    'user',
    'client_metadata',
  ];
  const names = responsesParameters.map(({ name }) => name);
  expect(fields.filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
