/** Rows that all of OpenAI's endpoints share, and those of `/v1/completions`. */
import { HAIKU, OPUS_55, SONNET_55, hashed, text, user, withoutThinking, type Case } from './cases.ts';

const adaptively = { type: 'adaptive', display: 'summarized' };

export const commonCases: readonly Case[] = [
  { row: 'model', body: { model: 'gpt-4o' }, sent: { model: 'claude-sonnet-4-5-20250929' } },
  { row: 'model', body: { model: OPUS_55 }, sent: { model: OPUS_55 } },
  {
    row: 'model',
    body: { model: `${OPUS_55}(high)` },
    sent: { model: OPUS_55, output_config: { effort: 'high' }, thinking: adaptively },
  },
  {
    row: 'model',
    body: { model: `${OPUS_55}(none)` },
    sent: { model: OPUS_55, output_config: { effort: 'low' } },
    emulated: ['model'],
  },
  {
    row: 'model',
    body: { model: `${HAIKU}(high)`, max_tokens: 1000 },
    sent: { model: HAIKU, max_tokens: 1000 },
    ignored: ['model'],
  },
  { row: 'stream', body: {}, sent: { stream: true } },
  {
    row: 'stream_options.include_usage',
    body: { stream_options: { include_usage: true } },
    shows: /"usage":\s*\{"prompt_tokens":\d/,
  },
  {
    row: 'stream_options.include_obfuscation',
    body: { stream_options: { include_obfuscation: true } },
    ignored: ['stream_options.include_obfuscation'],
  },
  { row: 'max_tokens', body: { max_tokens: 77 }, sent: { max_tokens: 77 } },
  { row: 'max_tokens', body: {}, sent: { max_tokens: 32_000 } },
  { row: 'max_tokens', body: { max_tokens: 500_000 }, sent: { max_tokens: 64_000 }, emulated: ['max_tokens'] },
  { row: 'temperature', body: { temperature: 0.6 }, sent: { temperature: 0.3 } },
  { row: 'temperature', body: { model: SONNET_55, temperature: 0.6 }, ignored: ['temperature'] },
  { row: 'top_p', body: { top_p: 0.9 }, sent: { top_p: 0.9 }, absent: ['temperature'], raw: withoutThinking },
  {
    row: 'top_p',
    body: { top_p: 0.9, temperature: 0 },
    sent: { temperature: 0 },
    absent: ['top_p'],
    ignored: ['top_p'],
  },
  { row: 'top_p', body: { model: OPUS_55, top_p: 0.9 }, ignored: ['top_p'] },
  { row: 'frequency_penalty', body: { frequency_penalty: 1 }, ignored: ['frequency_penalty'] },
  { row: 'presence_penalty', body: { presence_penalty: 1 }, ignored: ['presence_penalty'] },
  { row: 'n', body: { n: 2 }, refused: { param: 'n' } },
  { row: 'seed', body: { seed: 7 }, ignored: ['seed'] },
  { row: 'stop', body: { stop: ['END', 'FIN'] }, sent: { stop_sequences: ['END', 'FIN'] } },
  { row: 'stop', body: { stop: 'END' }, sent: { stop_sequences: ['END'] } },
  { row: 'logit_bias', body: { logit_bias: { 5: 1 } }, ignored: ['logit_bias'] },
  { row: 'user', body: { user: 'ann' }, sent: hashed('ann') },
  { row: 'user', body: { user: 'ann' }, engine: 'claude-code', login: 'subscription', ignored: ['user'] },
];

export const completionBase = { model: HAIKU, prompt: 'hello' };
export const completionCases: readonly Case[] = [
  ...commonCases,
  { row: 'prompt', body: { prompt: ['Say it.'] }, sent: { messages: [user([text('Say it.')])] } },
  { row: 'prompt', body: { prompt: ['a', 'b'] }, refused: { param: 'prompt' } },
  { row: 'prompt', body: { prompt: [1, 2] }, refused: { param: 'prompt' } },
  { row: 'suffix', body: { suffix: 'x' }, refused: { param: 'suffix' } },
  {
    row: 'echo',
    body: { echo: true, prompt: 'a very special prompt [[text:ok]]' },
    emulated: ['echo'],
    shows: /a very special prompt/,
  },
  { row: 'best_of', body: { best_of: 2 }, refused: { param: 'best_of' } },
  { row: 'logprobs', body: { logprobs: 2 }, ignored: ['logprobs'] },
  {
    row: 'stop',
    body: { stop: ['\n\n'], prompt: '[[text:one\n\ntwo]]' },
    absent: ['stop_sequences'],
    emulated: ['stop'],
    shows: /one/,
    hides: /two/,
  },
];
