/** Every row of the table of `/v1/messages`. */
import { expect } from 'vitest';
import {
  HAIKU,
  OPUS_55,
  SONNET_55,
  ephemeral,
  image,
  reminder,
  schema,
  text,
  user,
  withoutThinking,
  type Case,
} from './cases.ts';

const tool = {
  name: 'f',
  description: 'd',
  input_schema: { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } },
};
const tools = [tool];
const webSearch = { type: 'web_search_20250305', name: 'web_search' };
const loop = [
  user('q'),
  { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 'x' } }] },
  user([{ type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [text('r')] }]),
];
const format = { type: 'json_schema', schema };
const taskBudget = { type: 'tokens', total: 50_000 };
const budget = (tokens: number) => ({ type: 'enabled', budget_tokens: tokens });
const withHeader = (wanted: string) => (_body: unknown, headers: Readonly<Record<string, unknown>>) =>
  expect(headers['anthropic-beta']).toContain(wanted);
const marks = (path: (body: never) => unknown) => (body: unknown) => expect(path(body as never)).toEqual(ephemeral);

const ownEffort = [user('a'), { role: 'system', content: [], output_config: { effort: 'low' } }];
const passing = [user('a'), { role: 'system', content: 'b', clear_at: 'next_user_message' }];
const cited = {
  type: 'document',
  title: 't',
  citations: { enabled: true },
  source: { type: 'text', media_type: 'text/plain', data: 'Grass is green.' },
};
const found = {
  type: 'search_result',
  source: 'https://example.com',
  title: 't',
  content: [text('Sky is blue.')],
  citations: { enabled: true },
};
const citation = {
  type: 'char_location',
  cited_text: 'Grass',
  document_index: 0,
  document_title: 't',
  start_char_index: 0,
  end_char_index: 5,
};
const citing = [
  user([cited, text('a')]),
  { role: 'assistant', content: [{ ...text('b'), citations: [citation] }] },
  user([text('c')]),
];

const plainCases: readonly Case[] = [
  { row: 'model', body: { model: 'claude-3-5-haiku-latest' }, sent: { model: HAIKU } },
  { row: 'model', body: { model: SONNET_55 }, sent: { model: SONNET_55 } },
  {
    row: 'model',
    body: { model: `${SONNET_55}(high)`, thinking: { type: 'adaptive', display: 'omitted' } },
    sent: { model: SONNET_55, output_config: { effort: 'high' }, thinking: { type: 'adaptive', display: 'omitted' } },
  },
  {
    row: 'model',
    body: { model: `${HAIKU}(low)`, max_tokens: 6000 },
    sent: { model: HAIKU, thinking: { type: 'enabled', budget_tokens: 4096 } },
  },
  {
    row: 'model',
    body: { model: `${HAIKU}(high)`, max_tokens: 6000 },
    sent: { model: HAIKU, thinking: { type: 'enabled', budget_tokens: 4500 } },
    emulated: ['model'],
  },
  {
    row: 'model',
    body: { model: `${HAIKU}(high)`, max_tokens: 1000 },
    sent: { model: HAIKU, max_tokens: 1000 },
    ignored: ['model'],
  },
  {
    row: 'messages',
    body: { messages: [user([text('a'), image]), { role: 'assistant', content: 'b' }, user('c')] },
    sent: { messages: [user([text('a'), image]), { role: 'assistant', content: [text('b')] }, user([text('c')])] },
  },
  { row: 'messages', body: { tools, messages: loop }, sent: { messages: [user([text('q')]), ...loop.slice(1)] } },
  {
    row: 'messages',
    body: { model: OPUS_55, messages: [user('a'), { role: 'assistant', content: 'The' }] },
    refused: { param: 'messages.1', says: /must end with a user message/ },
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'assistant', content: 'The' }] },
    engine: 'claude-code',
    refused: { param: 'messages.1', says: /must end with a user message/ },
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'assistant', content: 'The' }] },
    engine: 'anthropic-api',
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('The')] }] },
  },
  {
    row: 'messages',
    body: {
      model: 'mapped-haiku',
      messages: [user('a'), { role: 'assistant', content: 'b' }, { role: 'system', content: 'c' }, user('d')],
    },
    emulated: ['messages'],
    sent: {
      messages: [user([text('a')]), { role: 'assistant', content: [text('b')] }, user([reminder('c'), text('d')])],
    },
  },
  {
    row: 'messages',
    body: { messages: [user('a'), { role: 'system', content: 'b' }] },
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
    row: 'messages',
    body: { model: SONNET_55, messages: [user('a'), { role: 'system', content: 'b' }] },
    engine: 'claude-code',
    emulated: ['messages'],
    sent: { messages: [user([text('a'), reminder('b')])] },
  },
  {
    row: 'messages[].output_config',
    body: { model: OPUS_55, messages: ownEffort },
    engine: 'anthropic-api',
    raw: (body) => expect((body as { messages: unknown }).messages).toEqual(ownEffort),
  },
  {
    row: 'messages[].output_config',
    body: { model: OPUS_55, messages: ownEffort },
    engine: 'claude-code',
    ignored: ['messages[].output_config'],
    sent: { messages: [user([text('a')])] },
  },
  {
    row: 'messages[].output_config',
    body: { model: 'mapped-haiku', messages: ownEffort },
    ignored: ['messages[].output_config'],
    sent: { messages: [user([text('a')])] },
  },
  {
    row: 'messages[].clear_at',
    body: { model: OPUS_55, messages: passing },
    engine: 'anthropic-api',
    raw: (body) => expect((body as { messages: unknown }).messages).toEqual(passing),
  },
  {
    row: 'messages[].clear_at',
    body: { model: OPUS_55, messages: passing },
    engine: 'claude-code',
    ignored: ['messages[].clear_at'],
    emulated: ['messages'],
    sent: { messages: [user([text('a'), reminder('b')])] },
  },
  {
    row: 'messages[].clear_at',
    body: { model: 'mapped-haiku', messages: passing },
    ignored: ['messages[].clear_at'],
    emulated: ['messages'],
    sent: { messages: [user([text('a'), reminder('b')])] },
  },
  {
    row: 'messages[].content[].citations',
    body: { messages: [user([cited, found, text('a')])] },
    sent: { messages: [user([cited, found, text('a')])] },
  },
  {
    row: 'messages[].content[].citations',
    body: { messages: citing },
    engine: 'anthropic-api',
    sent: { messages: citing },
  },
  {
    row: 'messages[].content[].citations',
    body: { messages: citing },
    engine: 'claude-code',
    ignored: ['messages[].content[].citations'],
    sent: { messages: [citing[0], { role: 'assistant', content: [text('b')] }, citing[2]] },
  },
  { row: 'system', body: { system: [text('s'), text('t')] }, sent: { system: 's\n\nt' } },
  { row: 'max_tokens', body: { max_tokens: 77 }, sent: { max_tokens: 77 } },
  {
    row: 'max_tokens',
    body: { model: 'mapped-haiku', max_tokens: 128_000 },
    sent: { max_tokens: 64_000 },
    emulated: ['max_tokens'],
  },
  { row: 'stream', body: {}, sent: { stream: true } },
  { row: 'stop_sequences', body: { stop_sequences: ['END'] }, sent: { stop_sequences: ['END'] } },
  { row: 'temperature', body: { temperature: 0.3 }, sent: { temperature: 0.3 } },
  { row: 'temperature', body: { model: SONNET_55, temperature: 0.3 }, ignored: ['temperature'] },
  { row: 'top_p', body: { top_p: 0.9 }, sent: { top_p: 0.9 }, absent: ['temperature'], raw: withoutThinking },
  {
    row: 'top_p',
    body: { temperature: 0.3, top_p: 0.9 },
    sent: { temperature: 0.3 },
    absent: ['top_p'],
    ignored: ['top_p'],
  },
  { row: 'top_p', body: { model: OPUS_55, top_p: 0.9 }, ignored: ['top_p'] },
  { row: 'top_k', body: { top_k: 5 }, sent: { top_k: 5 } },
  { row: 'top_k', body: { model: SONNET_55, top_k: 5 }, ignored: ['top_k'] },
  { row: 'metadata', body: { metadata: { user_id: 'ann' } }, sent: { metadata: { user_id: 'ann' } } },
  {
    row: 'metadata',
    body: { metadata: { user_id: 'ann' } },
    engine: 'claude-code',
    login: 'subscription',
    ignored: ['metadata'],
  },
  { row: 'service_tier', body: { service_tier: 'standard_only' }, sent: { service_tier: 'standard_only' } },
];

const toolCases: readonly Case[] = [
  {
    row: 'tools',
    body: { tools: [{ ...tool, eager_input_streaming: true }] },
    sent: { tools: [{ ...tool, eager_input_streaming: true }] },
  },
  { row: 'tools', body: { tools: [webSearch] }, sent: { tools: [webSearch] } },
  {
    row: 'tool_choice',
    body: { tools: [webSearch], tool_choice: { type: 'tool', name: 'web_search' } },
    sent: { tools: [webSearch], tool_choice: { type: 'tool', name: 'web_search' } },
  },
  {
    row: 'tools',
    body: { tools: Array.from({ length: 2001 }, (_, index) => ({ ...tool, name: `f${index}` })) },
    refused: { param: 'tools' },
  },
  ...[
    { type: 'any' },
    { type: 'tool', name: 'f' },
    { type: 'none' },
    { type: 'auto', disable_parallel_tool_use: true },
  ].map((tool_choice): Case => ({ row: 'tool_choice', body: { tools, tool_choice }, sent: { tool_choice } })),
  {
    row: 'tool_choice',
    body: { model: 'mapped-sonnet', tools, tool_choice: { type: 'tool', name: 'f' } },
    sent: { tools, tool_choice: { type: 'none' }, output_config: { format: { type: 'json_schema' } } },
    emulated: ['tool_choice'],
    shows: /tool_use/,
  },
  {
    row: 'tool_choice',
    body: { model: SONNET_55, tools, tool_choice: { type: 'any' } },
    sent: { tools, tool_choice: { type: 'none' } },
    emulated: ['tool_choice'],
    shows: /tool_use/,
  },
  {
    row: 'tool_choice',
    body: {
      model: SONNET_55,
      tools: [{ name: 'f', input_schema: { type: 'object', additionalProperties: true } }],
      tool_choice: { type: 'any' },
    },
    absent: ['tool_choice'],
    ignored: ['tool_choice'],
  },
];

const thinkingCases: readonly Case[] = [
  { row: 'thinking', body: { max_tokens: 5000, thinking: budget(2048) }, sent: { thinking: budget(2048) } },
  {
    row: 'thinking',
    body: { model: SONNET_55, thinking: { type: 'adaptive', display: 'omitted' } },
    sent: { thinking: { type: 'adaptive', display: 'omitted' } },
  },
  {
    row: 'thinking',
    body: { model: SONNET_55, thinking: { type: 'between_tools' } },
    sent: { thinking: { type: 'between_tools' } },
  },
  {
    row: 'thinking',
    body: { model: 'claude-haiku-5-5', thinking: { type: 'disabled' } },
    sent: { thinking: { type: 'disabled' } },
  },
  {
    row: 'thinking',
    body: { model: 'mapped-sonnet', thinking: { type: 'disabled' } },
    sent: { thinking: { type: 'between_tools' } },
    emulated: ['thinking'],
  },
  {
    row: 'thinking',
    body: { model: 'mapped-opus', thinking: { type: 'disabled' } },
    sent: { output_config: { effort: 'low' } },
    emulated: ['thinking'],
  },
  {
    row: 'thinking',
    body: { model: 'mapped-opus', max_tokens: 5000, thinking: budget(2048) },
    sent: { thinking: { type: 'adaptive' } },
    emulated: ['thinking'],
  },
  {
    row: 'thinking',
    body: { model: 'mapped-opus', thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
    sent: { output_config: { effort: 'high' } },
    ignored: ['thinking'],
  },
  {
    row: 'output_config.effort',
    body: { model: SONNET_55, output_config: { effort: 'xhigh' } },
    sent: { output_config: { effort: 'xhigh' } },
  },
  {
    row: 'output_config.effort',
    body: { model: 'mapped-effort', output_config: { effort: 'max' } },
    sent: { output_config: { effort: 'high' } },
    emulated: ['output_config.effort'],
  },
  {
    row: 'output_config.effort',
    body: { model: 'mapped-haiku', output_config: { effort: 'low' } },
    absent: ['output_config'],
    ignored: ['output_config.effort'],
  },
  {
    row: 'output_config.effort',
    body: { output_config: { effort: 'low' } },
    engine: 'claude-code',
    absent: ['output_config'],
    ignored: ['output_config.effort'],
  },
  {
    row: 'output_config.effort',
    body: { model: 'mapped-opus', output_config: { effort: 'ultra' } },
    refused: { param: 'output_config.effort' },
  },
  {
    row: 'output_config.task_budget',
    body: { output_config: { task_budget: taskBudget } },
    engine: 'anthropic-api',
    sent: { output_config: { task_budget: taskBudget } },
  },
  {
    row: 'output_config.task_budget',
    body: { output_config: { task_budget: taskBudget } },
    engine: 'claude-code',
    absent: ['output_config'],
    ignored: ['output_config.task_budget'],
  },
  { row: 'output_config.format', body: { output_config: { format } }, sent: { output_config: { format } } },
  {
    row: 'output_config.format',
    body: { model: SONNET_55, output_config: { format, effort: 'low' } },
    sent: { output_config: { format, effort: 'low' } },
  },
  {
    row: 'output_format',
    body: { output_format: format },
    sent: { output_config: { format } },
    absent: ['output_format'],
  },
  {
    row: 'context_management',
    body: {
      max_tokens: 5000,
      thinking: budget(2048),
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    },
    sent: { context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } },
  },
  {
    row: 'context_management',
    body: {
      model: 'mapped-haiku',
      max_tokens: 1000,
      thinking: { type: 'adaptive' },
      context_management: { edits: [{ type: 'clear_thinking_20251015' }, { type: 'clear_tool_uses_20250919' }] },
    },
    sent: { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    ignored: ['thinking', 'context_management'],
  },
];

const marked: readonly { row: string; body: Case['body']; raw: (body: unknown) => void }[] = [
  {
    row: 'cache_control',
    body: { cache_control: ephemeral },
    raw: marks(({ cache_control }: { cache_control: unknown }) => cache_control),
  },
  {
    row: 'system[].cache_control',
    body: { system: [{ ...text('s'), cache_control: ephemeral }] },
    raw: marks(({ system: [first] }: { system: [{ cache_control: unknown }] }) => first.cache_control),
  },
  {
    row: 'messages[].content[].cache_control',
    body: { messages: [user([{ ...text('hello'), cache_control: ephemeral }])] },
    raw: marks(
      ({ messages: [first] }: { messages: [{ content: [{ cache_control: unknown }] }] }) =>
        first.content[0].cache_control,
    ),
  },
  {
    row: 'tools[].cache_control',
    body: { tools: [{ ...tool, cache_control: ephemeral }] },
    raw: marks(({ tools: [first] }: { tools: [{ cache_control: unknown }] }) => first.cache_control),
  },
];

const cacheCases: readonly Case[] = marked.flatMap(({ row, body, raw }): readonly Case[] => [
  { row, body, engine: 'anthropic-api', raw },
  {
    row,
    body,
    engine: 'claude-code',
    silent: 'emulated',
    absent: ['cache_control'],
    raw: (arrived) =>
      expect(
        JSON.stringify((arrived as { tools?: unknown }).tools ?? []),
        'Claude Code has the breakpoints',
      ).not.toContain('cache_control'),
  },
]);

const apiOnly = (row: string, value: unknown, fate: 'ignored' | 'refused'): readonly Case[] => [
  { row, body: { [row]: value }, engine: 'anthropic-api', sent: { [row]: value } },
  fate === 'ignored'
    ? { row, body: { [row]: value }, engine: 'claude-code', absent: [row], ignored: [row] }
    : {
        row,
        body: { [row]: value },
        engine: 'claude-code',
        refused: { param: row, says: /Engine `claude-code`: a feature of the API alone/ },
      },
];

const apiCases: readonly Case[] = [
  {
    row: 'thread',
    body: { thread: { type: 'create' } },
    refused: { param: 'thread', says: /thread_unsupported_request/ },
  },
  ...apiOnly('compaction', { type: 'auto' }, 'ignored'),
  ...apiOnly('speed', 'fast', 'ignored'),
  ...apiOnly('inference_geo', 'us', 'refused'),
  ...apiOnly('container', 'container_1', 'refused'),
  ...apiOnly('mcp_servers', [{ type: 'url', name: 'm', url: 'https://example.com' }], 'refused'),
  ...apiOnly('diagnostics', { previous_message_id: 'msg_1' }, 'ignored'),
  ...apiOnly('fallbacks', [{ model: HAIKU }], 'ignored'),
  ...apiOnly('fallback_credit_token', 'x', 'ignored'),
  ...apiOnly('billing_policy', { type: 'x' }, 'ignored'),
  {
    row: 'betas',
    body: { betas: ['a-beta-2026'] },
    engine: 'anthropic-api',
    absent: ['betas'],
    raw: withHeader('a-beta-2026'),
  },
  {
    row: 'betas',
    body: { betas: ['a-beta-2026'] },
    engine: 'claude-code',
    ignored: ['betas'],
    raw: (_body, headers) => expect(headers['anthropic-beta']).not.toContain('a-beta-2026'),
  },
  ...(['user_profile_id', 'workspace_id'] as const).flatMap((row): readonly Case[] => [
    { row, body: { [row]: 'x' }, ignored: [row], absent: [row] },
    {
      row,
      body: {},
      headers: { [`anthropic-${row.replaceAll('_', '-')}`]: 'x' },
      ignored: [row],
      absent: [row],
      raw: (_body, headers) => expect(Object.values(headers)).not.toContain('x'),
    },
  ]),
];

export const messagesBase = { model: HAIKU, max_tokens: 1500, messages: [user('hello')] };
export const messagesCases: readonly Case[] = [
  ...plainCases,
  ...toolCases,
  ...thinkingCases,
  ...cacheCases,
  ...apiCases,
];
