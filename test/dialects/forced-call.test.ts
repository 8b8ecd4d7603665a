/** A call that a model cannot be forced to make, asked for as structured output. */
import { describe, expect, test } from 'vitest';
import { emulateForcedCall, isForced } from '../../src/dialects/forced-call.ts';
import { forStructuredOutput } from '../../src/dialects/structured-output.ts';
import type { TurnRequest } from '../../src/turn/turn.ts';

const city = {
  type: 'object' as const,
  description: 'A place.',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const weather = { name: 'get_weather', description: 'The weather of a city.', input_schema: city };
const time = { name: 'get_time', input_schema: { type: 'object' as const } };
const webSearch = { type: 'web_search_20250305', name: 'web_search' } as const;

const request = (more: Partial<TurnRequest>): TurnRequest => ({
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi' }],
  ...more,
});

const emulate = (more: Partial<TurnRequest>, forcedTools = false) => {
  const said: string[] = [];
  const report = {
    emulate: (name: string) => void said.push(`${name} emulated`),
    ignore: (name: string) => void said.push(`${name} ignored`),
  };
  const turn = emulateForcedCall(request(more), { forcedTools }, { parameter: 'tool_choice', report });
  return { ...turn, said, schema: (turn.request.output_config?.format as { schema?: unknown } | undefined)?.schema };
};
const tool = (name: string) => ({ type: 'tool', name }) as const;
const any = { type: 'any' } as const;

describe('one tool', () => {
  test.each([
    ['named', [weather, time], tool('get_weather')],
    ['the only one', [weather], any],
    ['the only one that the caller runs', [weather, webSearch], any],
  ])('%s: its schema is the format', (_, tools, tool_choice) => {
    const turn = emulate({ tools, tool_choice, output_config: { effort: 'low' }, stop_sequences: ['}'] });
    expect(turn).toMatchObject({ forcedCall: { tool: 'get_weather' }, said: ['tool_choice emulated'] });
    expect(turn.schema).toEqual({
      ...city,
      description: 'The arguments of a call of the tool get_weather.\n\nThe weather of a city.\n\nA place.',
    });
    const { tool_choice: choice, stop_sequences: stops, output_config: config } = turn.request;
    expect([choice, stops, config?.effort]).toEqual([{ type: 'none' }, undefined, 'low']);
    expect(turn.request.tools).toEqual(tools);
  });

  test('without arguments', () => {
    const { schema } = emulate({ tools: [time], tool_choice: any });
    expect(schema).toMatchObject({ type: 'object', properties: {}, additionalProperties: false });
  });

  test('strict ones are not compiled twice', () => {
    const { request: sent } = emulate({ tools: [{ ...weather, strict: true }], tool_choice: any });
    expect(sent.tools).toEqual([weather]);
  });
});

describe('several tools', () => {
  test('are one object with the name of the tool and its own arguments', () => {
    const { schema, forcedCall, said } = emulate({ tools: [weather, time], tool_choice: any });
    expect([forcedCall, said]).toEqual([{}, ['tool_choice emulated']]);
    expect(schema).toMatchObject({
      type: 'object',
      required: ['call'],
      properties: {
        call: {
          anyOf: [
            { properties: { tool: { const: 'get_weather' }, arguments: { properties: city.properties } } },
            { properties: { tool: { const: 'get_time' }, arguments: { properties: {} } } },
          ],
        },
      },
    });
  });

  test('keep their definitions apart', () => {
    const refers = (type: string, keyword: '$defs' | 'definitions') => ({
      name: `put_${type}`,
      input_schema: {
        type: 'object' as const,
        properties: { value: { $ref: `#/${keyword}/Value` } },
        required: ['value'],
        additionalProperties: false,
        [keyword]: { Value: { type: 'array', items: { $ref: `#/${keyword}/Item` } }, Item: { type } },
      },
    });
    const { schema } = emulate({
      tools: [refers('string', '$defs'), refers('number', 'definitions')],
      tool_choice: any,
    });
    expect(schema).toMatchObject({
      $defs: {
        tool0_Value: { items: { $ref: '#/$defs/tool0_Item' } },
        tool0_Item: { type: 'string' },
        tool1_Value: { items: { $ref: '#/$defs/tool1_Item' } },
        tool1_Item: { type: 'number' },
      },
    });
    // Every reference leads somewhere: the rewriting for the API would refuse it.
    expect(() => forStructuredOutput(schema as Record<string, unknown>)).not.toThrow();
  });
});

describe('what cannot be enforced is ignored and said', () => {
  const node = { type: 'object', properties: { next: { $ref: '#' } } } as const;
  const many = (count: number, property: object, required: boolean) => ({
    type: 'object' as const,
    properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, property])),
    ...(required && { required: Array.from({ length: count }, (_, index) => `p${index}`) }),
  });
  const inner = {
    name: 'inner',
    input_schema: { ...city, properties: { city: { $ref: '#/properties/other' }, other: { type: 'string' } } },
  };
  const cited: TurnRequest['messages'] = [
    {
      role: 'user',
      content: [
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'x' },
          citations: { enabled: true },
        },
      ],
    },
  ];
  test.each<[string, Partial<TurnRequest>]>([
    ['free names', { tools: [{ name: 'f', input_schema: { type: 'object', additionalProperties: true } }] }],
    ['a recursive schema', { tools: [{ name: 'f', input_schema: node }] }],
    ['25 optional properties', { tools: [{ name: 'f', input_schema: many(25, { type: 'string' }, false) }] }],
    ['17 unions', { tools: [{ name: 'f', input_schema: many(17, { type: ['string', 'null'] }, true) }] }],
    ['a reference that cannot move', { tools: [weather, inner] }],
    ['citations', { tools: [weather], messages: cited }],
    ['a tool of the API', { tools: [webSearch] }],
  ])('%s', (_, more) => {
    const { request: sent, forcedCall, said } = emulate({ ...more, tool_choice: any });
    expect([said, forcedCall, sent]).toEqual([['tool_choice ignored'], undefined, request(more)]);
  });

  test('one call at a time stays one', () => {
    const tools = [webSearch];
    const { request: sent } = emulate({ tools, tool_choice: { ...any, disable_parallel_tool_use: true } });
    expect(sent.tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true });
  });

  test.each([
    ['24 optional properties', many(24, { type: 'string' }, false)],
    ['16 unions', many(16, { anyOf: [{ type: 'string' }, { type: 'null' }] }, true)],
  ])('%s are enforced', (_, input_schema) => {
    expect(emulate({ tools: [{ name: 'f', input_schema }], tool_choice: any }).said).toEqual(['tool_choice emulated']);
  });
});

test.each<[string, Partial<TurnRequest>, boolean]>([
  ['a model that can be forced', { tools: [weather], tool_choice: any }, true],
  ['no force', { tools: [weather], tool_choice: { type: 'auto' } }, false],
  ['no tools', {}, false],
  ['a tool that is not there: the API says so', { tools: [weather], tool_choice: tool('other') }, false],
])('%s: nothing changes', (_, more, forcedTools) => {
  const { request: sent, forcedCall, said } = emulate(more, forcedTools);
  expect([sent, forcedCall, said]).toEqual([request(more), undefined, []]);
  expect(isForced(more.tool_choice, { forcedTools })).toBe(forcedTools);
});
