import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compatibilityFile, compatibilityMarkdown } from '../../scripts/compatibility.ts';
import { messagesParameters } from '../../src/dialects/anthropic-messages/parameters.ts';
import { chatParameters } from '../../src/dialects/openai-chat/parameters.ts';

test('docs/COMPATIBILITY.md is what the code does; run: node scripts/compatibility.ts', () => {
  expect(readFileSync(compatibilityFile, 'utf8')).toBe(compatibilityMarkdown());
});

// Recorded from real clients: opencode, kilo, cline, qwen, copilot, pi, Continue, CCR, LangChain, LlamaIndex, instructor, the SDKs.
const chatFields = [
  'model',
  'messages',
  'stream',
  'stream_options.include_usage',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'n',
  'stop',
  'seed',
  'user',
  'store',
  'metadata',
  'tools',
  'tools[].function.strict',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'response_format',
  'reasoning_effort',
  'reasoning.effort',
  'reasoning.enabled',
  'verbosity',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'modalities',
  'prediction',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'frequency_penalty',
  'presence_penalty',
  'messages[].name',
  'messages[].refusal',
  'messages[].tool_calls',
  'messages[].reasoning_content',
  'messages[].cache_control',
  'messages[].content[].cache_control',
  'response_format.schema',
  'response_format.json_schema.description',
  'reasoning.summary',
  'reasoning.exclude',
  'reasoning.max_tokens',
  'messages[].content[].prompt_cache_breakpoint',
  'messages[].tool_calls[].cache_control',
  'messages[].content[].text',
  'messages[].content[].image_url',
  'messages[].content[].image_url.detail',
  'messages[].content[].file.file_data',
];
const messagesFields = [
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'metadata',
  'tools',
  'tool_choice',
  'thinking',
  'output_config.effort',
  'output_config.format',
  'context_management',
  'cache_control',
  'system[].cache_control',
  'messages[].content[].cache_control',
  'tools[].cache_control',
  'thread',
  'mcp_servers',
  'container',
  'service_tier',
  'betas',
  'output_format',
  'output_config.task_budget',
  'messages[].output_config',
  'messages[].clear_at',
  'messages[].content[].citations',
  'user_profile_id',
  'workspace_id',
];

test.each([
  ['chat', chatFields, chatParameters],
  ['messages', messagesFields, messagesParameters],
])('every field that real clients send has a row: %s', (_, fields, table) => {
  const rows = new Set(table.map(({ name }) => name));
  expect(fields.filter((name) => !rows.has(name))).toEqual([]);
  expect(rows.size).toBe(table.length);
});
