/** Every row of the table of `/v1/chat/completions`. */
import { expect } from 'vitest';
import {
  HAIKU,
  OPUS_55,
  PNG,
  SONNET_55,
  ephemeral,
  hashed,
  image,
  reminder,
  schema,
  text,
  user,
  type Case,
} from './cases.ts';
import { shapeCases } from './shape-cases.ts';
import { commonCases } from './completion-cases.ts';

const fn = (name: string, more: object = {}) => ({ type: 'function', function: { name, ...more } });
const bare = (name: string) => ({ name, input_schema: { type: 'object', properties: {} } });
const tools = [fn('f'), fn('g')];
/** The API enforces no schema with free property names. */
const free = { parameters: { type: 'object', additionalProperties: true } };
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } };
const toolLoop = (result: object = {}, asked: object = {}) => [
  user('q'),
  { role: 'assistant', content: null, tool_calls: [call], ...asked },
  { role: 'tool', tool_call_id: 'call_1', content: 'r', ...result },
];
const called = { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'f', input: { x: 1 } }] };
const json = (value: object, description?: string) => ({
  type: 'json_schema',
  json_schema: { name: 'x', strict: true, schema: value, description },
});
const thinking = { type: 'enabled', budget_tokens: 4096 };
const adaptively = { type: 'adaptive', display: 'summarized' };

const messagesCases: readonly Case[] = [
  {
    row: 'messages',
    body: {
      messages: [
        { role: 'system', content: 's' },
        { role: 'developer', content: [text('d')] },
        user([text('a'), text('b')]),
        { role: 'assistant', content: 'c' },
        user('d'),
      ],
    },
    sent: {
      system: 's\n\nd',
      messages: [user([text('a'), text('b')]), { role: 'assistant', content: [text('c')] }, user([text('d')])],
    },
  },
  {
    row: 'messages',
    body: { messages: [{ role: 'system', content: 'only' }] },
    sent: { messages: [user([text('only')])] },
    emulated: ['messages'],
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'assistant', content: 'The' }] },
    engine: 'anthropic-api',
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('The')] }] },
    emulated: ['messages'],
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'assistant', content: 'The' }] },
    engine: 'claude-code',
    refused: { param: 'messages[1].role' },
  },
  {
    row: 'messages',
    body: { model: OPUS_55, messages: [user('a'), { role: 'assistant', content: 'The' }] },
    refused: { param: 'messages[1].role' },
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'assistant', content: 'The \n' }] },
    engine: 'anthropic-api',
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('The')] }] },
    emulated: ['messages'],
  },
  ...[HAIKU, SONNET_55].map((model): Case => ({
    row: 'messages',
    body: {
      model,
      messages: [user('a'), { role: 'assistant', content: 'b' }, { role: 'developer', content: 'c' }, user('d')],
    },
    emulated: ['messages'],
    sent: {
      messages: [user([text('a')]), { role: 'assistant', content: [text('b')] }, user([reminder('c'), text('d')])],
    },
  })),
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'system', content: 'b' }] },
    emulated: ['messages'],
    sent: { messages: [user([text('a'), reminder('b')])] },
  },
  {
    row: 'messages',
    body: { model: SONNET_55, messages: [user('a'), { role: 'system', content: 'b' }] },
    engine: 'claude-code',
    emulated: ['messages'],
    sent: { messages: [user([text('a'), reminder('b')])] },
  },
  {
    row: 'messages',
    body: { model: SONNET_55, messages: [user('a'), { role: 'system', content: 'b' }] },
    engine: 'anthropic-api',
    sent: { messages: [user([text('a')]), { role: 'system', content: [text('b')] }] },
  },
  {
    row: 'messages[].name',
    body: { tools, messages: toolLoop({ name: 'f' }) },
    sent: {
      messages: [
        user([text('q')]),
        called,
        user([expect.objectContaining({ type: 'tool_result', tool_use_id: 'call_1' })]),
      ],
    },
  },
  { row: 'messages[].name', body: { messages: [{ ...user('hello'), name: 'ann' }] }, ignored: ['messages[].name'] },
  {
    row: 'messages[].tool_calls',
    body: { tools, messages: toolLoop() },
    sent: {
      messages: [
        user([text('q')]),
        called,
        user([{ type: 'tool_result', tool_use_id: 'call_1', is_error: false, content: [text('r')] }]),
      ],
    },
  },
  {
    row: 'messages[].tool_calls',
    body: {
      tools,
      messages: [
        user('q'),
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'r' },
      ],
    },
    emulated: ['messages[].tool_calls'],
    sent: {
      messages: [
        user([text('q')]),
        {
          role: 'assistant',
          content: [expect.objectContaining({ type: 'tool_use', name: 'f', input: { INVALID_JSON: '{"x":' } })],
        },
        user([expect.objectContaining({ type: 'tool_result', content: [text('r')] })]),
      ],
    },
  },
  {
    row: 'messages[].function_call',
    body: {
      functions: [{ name: 'f' }],
      messages: [
        user('q'),
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"x":1}' } },
        { role: 'function', name: 'f', content: 'r' },
      ],
    },
    sent: {
      messages: [
        user([text('q')]),
        { role: 'assistant', content: [expect.objectContaining({ type: 'tool_use', name: 'f', input: { x: 1 } })] },
        user([expect.objectContaining({ type: 'tool_result', content: [text('r')] })]),
      ],
    },
  },
  {
    row: 'messages[].refusal',
    body: { messages: [user('a'), { role: 'assistant', content: null, refusal: 'No.' }, user('b')] },
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('No.')] }, user([text('b')])] },
  },
  {
    row: 'messages[].reasoning_content',
    silent: 'ignored',
    body: {
      messages: [user('a'), { role: 'assistant', content: 'b', reasoning_content: 'secret thought' }, user('c')],
    },
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('b')] }, user([text('c')])] },
  },
  {
    row: 'messages[].audio',
    body: { messages: [user('a'), { role: 'assistant', content: null, audio: { id: 'x' } }, user('b')] },
    refused: { param: 'messages[1].audio' },
  },
  {
    row: 'messages[].content[].text',
    body: { messages: [user([text('a'), text('b')])] },
    sent: { messages: [user([text('a'), text('b')])] },
  },
  {
    row: 'messages[].content[].image_url',
    body: { messages: [user([text('a'), { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }])] },
    sent: { messages: [user([text('a'), image])] },
  },
  {
    row: 'messages[].content[].image_url',
    body: { messages: [user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }, text('a')])] },
    sent: {
      messages: [user([{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }, text('a')])],
    },
  },
  {
    row: 'messages[].content[].image_url.detail',
    body: {
      messages: [
        user([text('a'), { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'high' } }]),
      ],
    },
    sent: { messages: [user([text('a'), image])] },
    ignored: ['messages[].content[].image_url.detail'],
  },
  {
    row: 'messages[].content[].file.file_data',
    body: {
      messages: [
        user([
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          text('a'),
        ]),
      ],
    },
    sent: {
      messages: [
        user([
          {
            type: 'document',
            title: 'a.pdf',
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
          },
          text('a'),
        ]),
      ],
    },
  },
  {
    row: 'messages[].content[].prompt_cache_breakpoint',
    body: { messages: [user([{ ...text('a'), prompt_cache_breakpoint: { mode: 'explicit' } }])] },
    sent: { messages: [user([text('a')])] },
    ignored: ['messages[].content[].prompt_cache_breakpoint'],
  },
  {
    row: 'messages[].content[].file.file_id',
    body: { messages: [user([{ type: 'file', file: { file_id: 'file-1' } }])] },
    refused: { param: 'messages[0].content[0].file.file_id' },
  },
  {
    row: 'messages[].content[].input_audio',
    body: { messages: [user([{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }])] },
    refused: { param: 'messages[0].content[0].input_audio' },
  },
];

const marked: readonly [string, object][] = [
  ['messages[].cache_control', { messages: [{ ...user('hello'), cache_control: ephemeral }] }],
  ['messages[].content[].cache_control', { messages: [user([{ ...text('hello'), cache_control: ephemeral }])] }],
  [
    'messages[].tool_calls[].cache_control',
    { tools, messages: toolLoop({}, { tool_calls: [{ ...call, cache_control: ephemeral }] }) },
  ],
  ['tools[].cache_control', { tools: [{ ...fn('f'), cache_control: ephemeral }] }],
];

const cacheCases: readonly Case[] = marked.flatMap(([row, body]): readonly Case[] => [
  { row, body: { ...body }, engine: 'anthropic-api', sent: { cache_control: ephemeral }, silent: 'emulated' },
  {
    row,
    body: { ...body },
    engine: 'claude-code',
    absent: ['cache_control'],
    silent: 'emulated',
    raw: (arrived) => expect(JSON.stringify((arrived as { messages: unknown }).messages)).toContain('cache_control'),
  },
]);

const toolCases: readonly Case[] = [
  {
    row: 'tools',
    body: { tools: Array.from({ length: 2001 }, (_, index) => fn(`f${index}`)) },
    refused: { param: 'tools' },
  },
  {
    row: 'tools',
    body: {
      tools: [
        fn('f', {
          description: 'd',
          parameters: { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } },
        }),
        fn('g'),
      ],
    },
    sent: {
      tools: [
        {
          name: 'f',
          description: 'd',
          input_schema: { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } },
        },
        bare('g'),
      ],
    },
  },
  {
    row: 'tools[].function.strict',
    body: { tools: [fn('f', { parameters: schema, strict: true })] },
    sent: { tools: [{ name: 'f', input_schema: schema, strict: true }] },
  },
  {
    row: 'tools[].function.strict',
    body: {
      tools: [fn('f', { parameters: { $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, strict: true })],
    },
    raw: (body) =>
      expect(body).toMatchObject({
        tools: [{ strict: true, input_schema: expect.not.objectContaining({ $schema: expect.anything() }) }],
      }),
  },
  {
    row: 'tools[].function.strict',
    body: { tools: [fn('f', { parameters: { type: 'object' }, strict: true })] },
    sent: { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
    ignored: ['tools[].function.strict'],
  },
  {
    row: 'tools',
    body: { tools: [{ type: 'file_search', vector_store_ids: ['x'] }] },
    ignored: ['tools[0]'],
    raw: (arrived) => expect((arrived as { tools?: unknown[] }).tools ?? []).toEqual([]),
  },
  {
    row: 'tool_choice',
    body: { tools, tool_choice: { type: 'function', function: { name: 'none' } } },
    refused: { param: 'tool_choice' },
  },
  {
    row: 'tool_choice',
    body: { tools, tool_choice: 'none' },
    sent: { tool_choice: { type: 'none' }, tools: [bare('f'), bare('g')] },
  },
  { row: 'tool_choice', body: { tools, tool_choice: 'auto' }, absent: ['tool_choice'] },
  {
    row: 'tool_choice',
    body: { tools, tool_choice: 'required' },
    sent: { tool_choice: { type: 'any' } },
    shows: /tool_calls/,
  },
  {
    row: 'tool_choice',
    body: { tools, tool_choice: fn('g') },
    sent: { tool_choice: { type: 'tool', name: 'g' } },
    shows: /tool_calls/,
  },
  {
    row: 'tool_choice',
    body: { tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [fn('g')] } } },
    sent: { tools: [bare('g')] },
    absent: ['tool_choice'],
  },
  {
    row: 'tool_choice',
    body: { model: SONNET_55, tools, tool_choice: 'required', stop: 'x' },
    sent: { tools: [bare('f'), bare('g')], tool_choice: { type: 'none' } },
    absent: ['stop_sequences'],
    emulated: ['tool_choice'],
    shows: /tool_calls/,
  },
  {
    row: 'tool_choice',
    body: { model: OPUS_55, tools, tool_choice: fn('g') },
    sent: { output_config: { format: { type: 'json_schema' } } },
    emulated: ['tool_choice'],
    shows: /tool_calls/,
  },
  {
    row: 'tool_choice',
    body: { model: OPUS_55, tools: [fn('f', free)], tool_choice: fn('f') },
    absent: ['tool_choice'],
    ignored: ['tool_choice'],
  },
  {
    row: 'parallel_tool_calls',
    body: { tools, parallel_tool_calls: false },
    sent: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  },
  {
    row: 'functions',
    body: { functions: [{ name: 'f' }] },
    sent: { tools: [bare('f')], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  },
  {
    row: 'function_call',
    body: { functions: [{ name: 'f' }], function_call: { name: 'f' } },
    sent: { tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
    shows: /"function_call"/,
  },
  {
    row: 'function_call',
    body: { model: SONNET_55, functions: [{ name: 'f' }], function_call: { name: 'f' } },
    sent: { tool_choice: { type: 'none' } },
    emulated: ['function_call'],
    shows: /"function_call"/,
  },
  {
    row: 'function_call',
    body: { model: SONNET_55, functions: [{ name: 'f', ...free }], function_call: { name: 'f' } },
    sent: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ignored: ['function_call'],
  },
];

const outputCases: readonly Case[] = [
  { row: 'max_completion_tokens', body: { max_completion_tokens: 78, max_tokens: 5 }, sent: { max_tokens: 78 } },
  {
    row: 'max_completion_tokens',
    body: { max_completion_tokens: 500_000 },
    sent: { max_tokens: 64_000 },
    emulated: ['max_completion_tokens'],
  },
  {
    row: 'response_format',
    body: { response_format: json(schema) },
    sent: { output_config: { format: { type: 'json_schema', schema } } },
  },
  {
    row: 'response_format',
    body: { model: SONNET_55, response_format: json(schema) },
    sent: { output_config: { format: { type: 'json_schema', schema } } },
  },
  {
    row: 'response_format.json_schema.description',
    body: { response_format: json(schema, 'A place.') },
    sent: { output_config: { format: { schema: { ...schema, description: 'A place.' } } } },
  },
  {
    row: 'response_format.json_schema.description',
    body: { response_format: json({ ...schema, description: 'Mine.' }, 'A place.') },
    sent: { output_config: { format: { schema: { ...schema, description: 'Mine.' } } } },
    ignored: ['response_format.json_schema.description'],
  },
  {
    row: 'response_format.schema',
    body: { response_format: { type: 'json_object', schema } },
    sent: { output_config: { format: { type: 'json_schema', schema } } },
  },
  {
    row: 'response_format',
    body: { response_format: { type: 'json_object' } },
    sent: { system: 'Answer with a single JSON object and nothing else: no prose around it and no code fence.' },
    absent: ['output_config'],
    emulated: ['response_format'],
  },
  {
    row: 'response_format',
    body: { response_format: json({ ...schema, properties: { a: { type: 'string', minLength: 3 } } }) },
    emulated: ['response_format'],
    sent: {
      output_config: {
        format: {
          type: 'json_schema',
          schema: { ...schema, properties: { a: { type: 'string', description: '{minLength: 3}' } } },
        },
      },
    },
  },
  {
    row: 'response_format',
    body: { response_format: json({ type: 'object', additionalProperties: true }) },
    refused: { param: 'response_format.json_schema.schema' },
  },
  {
    row: 'stop',
    body: { stop: ['\n\n'], messages: [user('[[text:one\n\ntwo]]')] },
    absent: ['stop_sequences'],
    emulated: ['stop'],
    shows: /one/,
    hides: /two/,
  },
  { row: 'verbosity', body: { verbosity: 'low' }, ignored: ['verbosity'] },
  { row: 'safety_identifier', body: { safety_identifier: 'bob', user: 'ann' }, sent: hashed('bob') },
  {
    row: 'safety_identifier',
    body: { safety_identifier: 'bob' },
    engine: 'claude-code',
    login: 'subscription',
    ignored: ['safety_identifier'],
  },
  { row: 'metadata', body: { metadata: { a: 'b' } }, ignored: ['metadata'] },
  { row: 'store', body: { store: true }, ignored: ['store'] },
  { row: 'logprobs', body: { logprobs: true }, ignored: ['logprobs'] },
  { row: 'top_logprobs', body: { top_logprobs: 3 }, ignored: ['top_logprobs'] },
  { row: 'prediction', body: { prediction: { type: 'content', content: 'x' } }, ignored: ['prediction'] },
  { row: 'service_tier', body: { service_tier: 'default' }, sent: { service_tier: 'standard_only' } },
  { row: 'service_tier', body: { service_tier: 'auto' }, sent: { service_tier: 'auto' } },
  { row: 'service_tier', body: { service_tier: 'flex' }, ignored: ['service_tier'] },
  { row: 'modalities', body: { modalities: ['text', 'audio'] }, refused: { param: 'modalities' } },
  { row: 'audio', body: { audio: { voice: 'x', format: 'wav' } }, refused: { param: 'audio' } },
  {
    row: 'web_search_options',
    body: { web_search_options: {} },
    sent: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  },
  {
    row: 'web_search_options',
    body: { web_search_options: {}, tools: [fn('web_search')] },
    ignored: ['web_search_options'],
  },
  {
    row: 'web_search_options.search_context_size',
    body: { web_search_options: { search_context_size: 'low' } },
    sent: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    ignored: ['web_search_options.search_context_size'],
  },
  { row: 'moderation', body: { moderation: { model: 'm' } }, ignored: ['moderation'] },
  { row: 'prompt_cache_key', body: { prompt_cache_key: 'k' }, silent: 'ignored' },
  { row: 'prompt_cache_retention', body: { prompt_cache_retention: '24h' }, silent: 'ignored' },
  { row: 'prompt_cache_options', body: { prompt_cache_options: { mode: 'explicit' } }, silent: 'ignored' },
];

const reasoningCases: readonly Case[] = [
  { row: 'reasoning_effort', body: { reasoning_effort: 'low' }, sent: { thinking } },
  {
    row: 'reasoning_effort',
    body: { model: SONNET_55, reasoning_effort: 'high' },
    sent: { thinking: adaptively, output_config: { effort: 'high' } },
  },
  {
    row: 'reasoning_effort',
    body: { model: SONNET_55, reasoning_effort: 'minimal' },
    sent: { thinking: adaptively, output_config: { effort: 'low' } },
    emulated: ['reasoning_effort'],
  },
  {
    row: 'reasoning_effort',
    body: { model: SONNET_55, reasoning_effort: 'none' },
    sent: { thinking: { type: 'between_tools' } },
    emulated: ['reasoning_effort'],
  },
  {
    row: 'reasoning_effort',
    body: { model: OPUS_55, reasoning_effort: 'none' },
    sent: { output_config: { effort: 'low' } },
    emulated: ['reasoning_effort'],
  },
  {
    row: 'reasoning_effort',
    body: { model: 'claude-haiku-5-5', reasoning_effort: 'none' },
    sent: { thinking: { type: 'disabled' } },
  },
  {
    row: 'reasoning_effort',
    body: { reasoning_effort: 'high', max_tokens: 2000 },
    sent: { thinking: { type: 'enabled', budget_tokens: 1500 }, max_tokens: 2000 },
    emulated: ['reasoning_effort'],
  },
  {
    row: 'reasoning_effort',
    body: { reasoning_effort: 'high', tools, tool_choice: 'required' },
    sent: { tool_choice: { type: 'any' } },
    ignored: ['reasoning_effort'],
  },
  {
    row: 'temperature',
    body: { reasoning_effort: 'low', temperature: 1 },
    sent: { thinking },
    ignored: ['temperature'],
  },
  {
    row: 'top_p',
    body: { reasoning_effort: 'low', top_p: 0.5 },
    sent: { thinking },
    absent: ['top_p'],
    ignored: ['top_p'],
  },
  ...(['reasoning.effort', 'reasoning.enabled'] as const).flatMap((row): readonly Case[] => {
    const [asked, medium] =
      row === 'reasoning.effort' ? [{ effort: 'medium' }, 'medium'] : [{ enabled: true }, 'medium'];
    return [
      { row, body: { reasoning: asked }, sent: { thinking: { type: 'enabled', budget_tokens: 8192 } } },
      {
        row,
        body: { model: SONNET_55, reasoning: asked },
        sent: { thinking: adaptively, output_config: { effort: medium } },
      },
      {
        row,
        body: { reasoning: asked, max_tokens: 2000 },
        sent: { thinking: { type: 'enabled', budget_tokens: 1500 } },
        emulated: [row],
      },
      { row, body: { reasoning: asked, max_tokens: 1000 }, sent: { max_tokens: 1000 }, ignored: [row] },
    ];
  }),
  {
    row: 'reasoning.enabled',
    body: { model: 'claude-haiku-5-5', reasoning: { enabled: false } },
    sent: { thinking: { type: 'disabled' } },
  },
  {
    row: 'reasoning.exclude',
    body: { reasoning: { exclude: true, effort: 'low' }, messages: [user('[[think:Hm]] [[text:ok]]')] },
    sent: { thinking },
    shows: /ok/,
    hides: /reasoning_content/,
  },
  {
    row: 'reasoning.summary',
    body: { reasoning: { effort: 'low', summary: 'auto' } },
    sent: { thinking },
    ignored: ['reasoning.summary'],
  },
  {
    row: 'reasoning.max_tokens',
    body: { reasoning: { max_tokens: 5000 } },
    sent: { thinking: { type: 'enabled', budget_tokens: 5000 } },
  },
  {
    row: 'reasoning.max_tokens',
    body: { reasoning: { max_tokens: 500_000 } },
    sent: { thinking: { type: 'enabled', budget_tokens: 24_000 } },
    emulated: ['reasoning.max_tokens'],
  },
  {
    row: 'reasoning.max_tokens',
    body: { model: SONNET_55, reasoning: { max_tokens: 5000 } },
    sent: { output_config: { effort: 'medium' } },
    ignored: ['reasoning.max_tokens'],
  },
];

export const chatBase = { model: HAIKU, messages: [user('hello')] };
export const chatCases: readonly Case[] = [
  ...shapeCases,
  ...commonCases,
  ...messagesCases,
  ...cacheCases,
  ...toolCases,
  ...outputCases,
  ...reasoningCases,
];
