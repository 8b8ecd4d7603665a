/** Every row of the tables of `/api/chat` and `/api/generate`. */
import { expect } from 'vitest';
import type { Arrived } from '../conformance/set-up.ts';
import { plain } from '../engines/claude/support.ts';
import { HAIKU, image, OPUS_55, PNG, schema, SONNET_55, text, user, withoutThinking, type Case } from './cases.ts';

const call = (more: object = {}) => ({ function: { name: 'f', arguments: { x: 1 } }, ...more });
const tools = [{ type: 'function', function: { name: 'f', description: 'd', parameters: schema } }];
const used = (id: unknown) => ({ type: 'tool_use', id, name: 'f', input: { x: 1 } });
const result = (id: unknown, content: string) => ({ type: 'tool_result', tool_use_id: id, content: [text(content)] });
const options = (given: object) => ({ options: given });
const ignoredOption = (name: string, value: unknown): Case => ({
  row: `options.${name}`,
  body: options({ [name]: value }),
  ignored: [`options.${name}`],
  absent: [name],
});
const silentOption = (name: string, value: unknown): Case => ({
  row: `options.${name}`,
  body: options({ [name]: value }),
  silent: 'ignored',
  absent: [name],
});

const modelCases: readonly Case[] = [
  { row: 'model', body: { model: 'gpt-4o:latest' }, sent: { model: 'claude-sonnet-4-5-20250929' } },
  { row: 'model', body: { model: `${OPUS_55}(high)` }, sent: { model: OPUS_55, output_config: { effort: 'high' } } },
  {
    row: 'model',
    body: { model: `${OPUS_55}(none)` },
    sent: { output_config: { effort: 'low' } },
    emulated: ['model'],
  },
  {
    row: 'model',
    body: { model: `${HAIKU}(high)`, options: { num_predict: 1000 } },
    sent: { max_tokens: 1000 },
    ignored: ['model'],
  },
  { row: 'stream', body: {}, sent: { stream: true } },
  { row: 'keep_alive', body: { keep_alive: '-1s' }, silent: 'ignored', absent: ['keep_alive'] },
];

const formatCases: readonly Case[] = [
  {
    row: 'format',
    body: { format: schema },
    sent: { output_config: { format: { type: 'json_schema', schema } } },
  },
  {
    row: 'format',
    body: { format: 'json' },
    sent: { system: expect.stringContaining('single JSON object') },
    emulated: ['format'],
  },
  {
    row: 'format',
    body: { format: { ...schema, properties: { a: { type: 'string', minLength: 2 } } } },
    sent: { output_config: { format: { type: 'json_schema' } } },
    emulated: ['format'],
  },
  { row: 'format', body: { format: { type: 'object' } }, refused: { param: 'format', says: /format/ } },
];

const thinkingCases: readonly Case[] = [
  { row: 'think', body: { think: true }, sent: { thinking: { type: 'enabled', budget_tokens: 8192 } } },
  { row: 'think', body: { think: false }, raw: withoutThinking },
  { row: 'think', body: { think: 'low' }, sent: { thinking: { type: 'enabled', budget_tokens: 4096 } } },
  { row: 'think', body: { model: SONNET_55, think: true }, sent: { thinking: { type: 'adaptive' } } },
  {
    row: 'think',
    body: { model: OPUS_55, think: false },
    sent: { output_config: { effort: 'low' } },
    emulated: ['think'],
  },
  {
    row: 'think',
    body: { think: 'high', options: { num_predict: 1000 } },
    sent: { max_tokens: 1000 },
    ignored: ['think'],
  },
];

const samplingCases: readonly Case[] = [
  { row: 'options.num_predict', body: options({ num_predict: 77 }), sent: { max_tokens: 77 } },
  { row: 'options.num_predict', body: options({ num_predict: -1 }), sent: { max_tokens: 32_000 } },
  {
    row: 'options.num_predict',
    body: options({ num_predict: 500_000 }),
    sent: { max_tokens: 64_000 },
    emulated: ['options.num_predict'],
  },
  { row: 'options.temperature', body: options({ temperature: 0.3 }), sent: { temperature: 0.3 } },
  {
    row: 'options.temperature',
    body: options({ temperature: 1.7 }),
    sent: { temperature: 1 },
    emulated: ['options.temperature'],
  },
  {
    row: 'options.temperature',
    body: { model: SONNET_55, ...options({ temperature: 0.3 }) },
    absent: ['temperature'],
    ignored: ['options.temperature'],
  },
  { row: 'options.top_p', body: options({ top_p: 0.9 }), sent: { top_p: 0.9 } },
  {
    row: 'options.top_p',
    body: options({ top_p: 0.9, temperature: 0 }),
    absent: ['top_p'],
    ignored: ['options.top_p'],
  },
  { row: 'options.top_k', body: options({ top_k: 5 }), sent: { top_k: 5 } },
  {
    row: 'options.top_k',
    body: { model: SONNET_55, ...options({ top_k: 5 }) },
    absent: ['top_k'],
    ignored: ['options.top_k'],
  },
  { row: 'options.stop', body: options({ stop: ['END'] }), sent: { stop_sequences: ['END'] } },
  { row: 'options.stop', body: options({ stop: ['\n\n'] }), absent: ['stop_sequences'], emulated: ['options.stop'] },
];

const otherCases: readonly Case[] = [
  ...(
    [
      ['seed', 1],
      ['min_p', 0.1],
      ['tfs_z', 2],
      ['typical_p', 0.5],
      ['repeat_last_n', 3],
      ['repeat_penalty', 1.2],
      ['presence_penalty', 0.5],
      ['frequency_penalty', 0.5],
      ['mirostat', 1],
      ['mirostat_tau', 5],
      ['mirostat_eta', 0.1],
      ['penalize_newline', true],
    ] as const
  ).map(([name, value]) => ignoredOption(name, value)),
  ...(
    [
      'num_ctx',
      'num_batch',
      'num_keep',
      'num_gpu',
      'main_gpu',
      'num_thread',
      'numa',
      'low_vram',
      'f16_kv',
      'use_mmap',
      'use_mlock',
      'vocab_only',
      'logits_all',
      'embedding_only',
    ] as const
  ).map((name) => silentOption(name, 1)),
  { row: 'logprobs', body: { logprobs: true }, ignored: ['logprobs'] },
  { row: 'top_logprobs', body: { top_logprobs: 2 }, ignored: ['top_logprobs'] },
  { row: 'truncate', body: { truncate: true }, ignored: ['truncate'] },
  { row: 'shift', body: { shift: true }, ignored: ['shift'] },
];

const commonCases: readonly Case[] = [...modelCases, ...formatCases, ...thinkingCases, ...samplingCases, ...otherCases];

const messagesCases: readonly Case[] = [
  {
    row: 'messages',
    body: {
      messages: [{ role: 'system', content: 's' }, user('a'), { role: 'assistant', content: 'b' }, user('c')],
    },
    sent: {
      system: 's',
      messages: [user([text('a')]), { role: 'assistant', content: [text('b')] }, user([text('c')])],
    },
  },
  {
    row: 'messages',
    body: { messages: [{ role: 'tool', content: 'r' }] },
    refused: { param: 'messages[0]', says: /tool/ },
  },
  {
    row: 'messages',
    body: { messages: [{ role: 'system', content: 'only' }] },
    sent: { messages: [user([text('only')])] },
    emulated: ['messages'],
  },
  {
    row: 'messages',
    body: {
      messages: [
        { role: 'system', content: 's' },
        { role: 'tool', content: 'of a call that was cut off' },
        { role: 'assistant', content: 'b' },
        user('c'),
      ],
    },
    sent: { system: 's', messages: [user([text('c')])] },
    ignored: ['messages'],
  },
  {
    row: 'messages[].images',
    body: { messages: [{ ...user('what?'), images: [PNG] }] },
    sent: { messages: [user([image, text('what?')])] },
  },
  {
    row: 'messages[].tool_calls',
    body: {
      messages: [
        user('q'),
        { role: 'assistant', content: '', tool_calls: [call(), call()] },
        { role: 'tool', content: 'r' },
        { role: 'tool', content: 's' },
      ],
      tools,
    },
    raw: (body) => {
      const [, asked, answered] = plain((body as Arrived).messages) as readonly {
        content: readonly { id: string }[];
      }[];
      const ids = (asked?.content ?? []).map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
      expect(answered?.content).toEqual(
        expect.arrayContaining([
          expect.objectContaining(result(ids[0], 'r')),
          expect.objectContaining(result(ids[1], 's')),
        ]),
      );
    },
  },
  {
    row: 'messages[].tool_name',
    body: {
      messages: [
        user('q'),
        {
          role: 'assistant',
          content: '',
          tool_calls: [call({ id: 'a' }), { id: 'b', function: { name: 'g', arguments: {} } }, call({ id: 'c' })],
        },
        { role: 'tool', content: 'of c', tool_call_id: 'c', tool_name: 'f' },
        { role: 'tool', content: 'of g', tool_name: 'g' },
        { role: 'tool', content: 'of a', tool_name: 'f' },
      ],
      tools: [...tools, { type: 'function', function: { name: 'g' } }],
    },
    sent: {
      messages: [
        user([text('q')]),
        { role: 'assistant', content: [used('a'), { type: 'tool_use', id: 'b', name: 'g', input: {} }, used('c')] },
        user([result('c', 'of c'), result('b', 'of g'), result('a', 'of a')]),
      ],
    },
  },
  {
    row: 'messages[].thinking',
    silent: 'ignored',
    body: { messages: [user('a'), { role: 'assistant', content: 'b', thinking: 'hm' }, user('c')] },
    sent: { messages: [user([text('a')]), { role: 'assistant', content: [text('b')] }, user([text('c')])] },
  },
  {
    row: 'tools',
    body: { tools },
    sent: { tools: [{ name: 'f', description: 'd', input_schema: schema }] },
  },
  {
    row: 'tools',
    body: { tools: Array.from({ length: 2001 }, () => tools[0]) },
    refused: { param: 'tools' },
  },
];

const promptCases: readonly Case[] = [
  { row: 'prompt', body: { prompt: 'Say it' }, sent: { messages: [user([text('Say it')])] } },
  { row: 'system', body: { system: 'Be terse.' }, sent: { system: 'Be terse.' } },
  { row: 'images', body: { images: [PNG] }, sent: { messages: [user([image, text('hello')])] } },
  { row: 'suffix', body: { suffix: 'end' }, refused: { param: 'suffix' } },
  { row: 'context', body: { context: [1, 2] }, refused: { param: 'context' } },
  { row: 'template', body: { template: '{{ .Prompt }}' }, ignored: ['template'] },
  { row: 'raw', body: { raw: true }, ignored: ['raw'] },
  { row: 'width', body: { width: 512 }, refused: { param: 'width' } },
  { row: 'height', body: { height: 512 }, refused: { param: 'height' } },
  { row: 'steps', body: { steps: 20 }, refused: { param: 'steps' } },
];

export const ollamaChatBase = { model: HAIKU, messages: [user('hello')] };
export const ollamaChatCases: readonly Case[] = [...commonCases, ...messagesCases];
export const ollamaGenerateBase = { model: HAIKU, prompt: 'hello' };
export const ollamaGenerateCases: readonly Case[] = [...commonCases, ...promptCases];
