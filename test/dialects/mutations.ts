/** Whole requests of each dialect, and changes that bend them out of shape. */
import fc from 'fast-check';

const ephemeral = { type: 'ephemeral' };
export const chat = {
  model: 'm',
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: 32_000,
  temperature: 0.1,
  top_p: 0.9,
  n: 1,
  stop: ['\n', 'END'],
  seed: 1,
  user: 'u',
  metadata: { a: 'b' },
  logit_bias: { 1: 5 },
  reasoning_effort: 'medium',
  reasoning: { effort: 'low', enabled: true },
  parallel_tool_calls: false,
  service_tier: 'default',
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'n',
      strict: true,
      schema: {
        $ref: '#/$defs/a',
        $defs: {
          a: {
            type: 'object',
            properties: {
              x: { type: 'string', minLength: 1 },
              y: { oneOf: [{ type: 'array', items: { enum: [1] } }] },
            },
          },
        },
      },
    },
  },
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} }, strict: true },
      cache_control: ephemeral,
    },
    { type: 'function', function: { name: 'g' } },
  ],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
  },
  messages: [
    { role: 'system', content: [{ type: 'text', text: 's', cache_control: ephemeral }] },
    {
      role: 'user',
      name: 'n',
      content: [
        { type: 'text', text: 'u' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'high' } },
        { type: 'file', file: { file_data: 'data:text/plain;base64,AAAA', filename: 'a' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      refusal: null,
      tool_calls: [{ id: 'c:1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    },
    { role: 'tool', tool_call_id: 'c:1', content: [{ type: 'text', text: 'r' }] },
    { role: 'assistant', content: '', function_call: { name: 'g', arguments: '' } },
    { role: 'function', name: 'g', content: 'r' },
    { role: 'developer', content: 'd' },
    { role: 'user', content: 'last' },
  ],
};
export const legacy = {
  model: 'm',
  messages: [{ role: 'user', content: 'x' }],
  functions: [{ name: 'f', parameters: {} }],
  function_call: { name: 'f' },
  max_completion_tokens: 9,
  prediction: { type: 'content', content: 'x' },
  modalities: ['text'],
  verbosity: 'low',
};
export const completion = {
  model: 'm',
  prompt: ['p'],
  suffix: '',
  echo: true,
  best_of: 1,
  logprobs: 2,
  stop: ' ',
  max_tokens: 4,
  temperature: 1,
  stream: false,
};
export const responses = {
  model: 'm',
  stream: true,
  instructions: 'i',
  max_output_tokens: 32_000,
  max_tool_calls: 2,
  temperature: 0.1,
  top_p: 0.9,
  reasoning: { effort: 'medium', summary: 'auto' },
  text: {
    verbosity: 'low',
    format: {
      type: 'json_schema',
      name: 'n',
      schema: { type: 'object', properties: { x: { type: 'string', minLength: 1 } } },
    },
  },
  include: ['reasoning.encrypted_content'],
  metadata: { a: 'b' },
  store: true,
  truncation: 'auto',
  service_tier: 'default',
  parallel_tool_calls: false,
  tools: [
    { type: 'function', name: 'f', description: 'd', parameters: { type: 'object', properties: {} }, strict: true },
    { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' } },
    { type: 'namespace', name: 'ns', description: 'd', tools: [{ type: 'function', name: 'g' }] },
    {
      type: 'web_search',
      external_web_access: true,
      filters: { allowed_domains: ['a.example'] },
      user_location: { city: 'c' },
    },
    { type: 'code_interpreter', container: { type: 'auto' } },
    { type: 'file_search' },
  ],
  tool_choice: {
    type: 'allowed_tools',
    mode: 'auto',
    tools: [
      { type: 'function', name: 'f' },
      { type: 'custom', name: 'c' },
    ],
  },
  input: [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'd' }] },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'u' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'high' },
        { type: 'input_file', file_data: 'data:text/plain;base64,AAAA', filename: 'a' },
      ],
    },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 's' }], encrypted_content: 'gAAA' },
    { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [] }] },
    { type: 'function_call', call_id: 'c:1', name: 'f', arguments: '{"a":1}' },
    { type: 'custom_tool_call', call_id: 'c:2', name: 'c', input: 'x', namespace: 'ns' },
    { type: 'function_call_output', call_id: 'c:1', output: [{ type: 'input_text', text: 'r' }] },
    { type: 'custom_tool_call_output', call_id: 'c:2', output: 'r' },
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
    { type: 'local_shell_call' },
    { role: 'user', content: 'last' },
  ],
};
export const messages = {
  model: 'm',
  max_tokens: 9000,
  stream: true,
  temperature: 0.5,
  top_k: 3,
  stop_sequences: ['x'],
  metadata: { user_id: 'u' },
  system: [{ type: 'text', text: 's', cache_control: ephemeral }],
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'high', format: { type: 'json_schema', schema: {} } },
  context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
  tool_choice: { type: 'auto' },
  tools: [{ name: 'f', input_schema: { type: 'object' } }],
  service_tier: 'auto',
  betas: ['b'],
  output_format: null,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'x' },
        { type: 'image', source: { type: 'url', url: 'u' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 't', signature: 's' },
        { type: 'tool_use', id: 'a:1', name: 'f', input: {} },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'a:1', content: [{ type: 'text', text: 'r' }], is_error: true }],
    },
    { role: 'system', content: 'mid' },
  ],
};

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    '',
    ' ',
    'x',
    'none',
    [],
    {},
    [[]],
    [null],
    [{}],
    { type: 'text' },
    { type: 'function' },
    'data:',
    'data:;base64,',
    '{"a":',
    '__proto__',
    '\uD800',
    'a'.repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
export type Change = {
  readonly where: number;
  readonly how: 'replace' | 'delete' | 'repeat' | 'rename';
  readonly value: unknown;
};
export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({ where: fc.nat(), how: fc.constantFrom('replace', 'delete', 'repeat', 'rename'), value: junk }),
  { minLength: 1, maxLength: 4 },
);

export const bent = (body: object, all: readonly Change[]): unknown => {
  const copy = structuredClone(body);
  for (const change of all) bend(copy, change);
  return copy;
};

const bend = (root: object, { where, how, value }: Change): void => {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const walk = (holder: object): void => {
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Record<string, unknown>, key });
      const child = (holder as Record<string, unknown>)[key];
      if (typeof child === 'object' && child !== null) walk(child);
    }
  };
  walk(root);
  const place = places[where % Math.max(places.length, 1)];
  if (place === undefined) return;
  const { holder, key } = place;
  if (how === 'replace') holder[key] = structuredClone(value);
  else if (how === 'delete') delete holder[key];
  else if (how === 'rename') holder[`${key}_`] = holder[key];
  else if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
};

export const ollamaChat = {
  model: 'm',
  stream: false,
  think: 'low',
  format: { type: 'object', properties: { a: { type: 'string' } } },
  keep_alive: '5m',
  options: { num_predict: 9000, temperature: 0.5, top_p: 0.9, top_k: 3, seed: 1, num_ctx: 100, stop: ['END', '\n'] },
  tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } }],
  messages: [
    { role: 'system', content: 's' },
    {
      role: 'user',
      content: 'u',
      images: ['iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/58BAwAI/AL+X8rhtwAAAABJRU5ErkJggg=='],
    },
    {
      role: 'assistant',
      content: '',
      thinking: 'hm',
      tool_calls: [
        { id: 'a', function: { name: 'f', arguments: { x: 1 } } },
        { function: { name: 'f', arguments: {} } },
      ],
    },
    { role: 'tool', content: 'r', tool_call_id: 'a' },
    { role: 'tool', content: 's', tool_name: 'f' },
    { role: 'user', content: 'last' },
  ],
};

export const ollamaGenerate = {
  model: 'm',
  prompt: 'p',
  system: 's',
  suffix: '',
  images: [],
  context: [],
  raw: false,
  stream: true,
  think: false,
  format: 'json',
  options: { num_predict: 10, temperature: 2, repeat_penalty: 1.2, stop: 'x' },
};
