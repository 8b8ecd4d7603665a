/**
 * What becomes of every parameter of `/api/chat` and `/api/generate`. Read by the parser, the report and
 * docs/COMPATIBILITY.md.
 */
import { MOST_MESSAGES, MOST_TOOLS } from '../bounds.ts';
import { EFFORT_CASES, EFFORT_IN_NAME } from '../model-parameter.ts';
import type { Parameter, ParameterCase } from '../parameters.ts';

const NO_SAMPLING: ParameterCase = {
  fate: 'ignored',
  if: { sampling: 'none' },
  when: 'the model takes no sampling parameters',
};
const THINKING: ParameterCase = { fate: 'ignored', when: 'the model thinks in this request' };

/** Options of the machine that runs Ollama. */
const MACHINE = [
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
];

const NOT_CLAUDES: readonly (readonly [name: string, neutral?: number])[] = [
  ['seed'],
  ['min_p', 0],
  ['tfs_z', 1],
  ['typical_p', 1],
  ['repeat_last_n'],
  ['repeat_penalty', 1],
  ['presence_penalty', 0],
  ['frequency_penalty', 0],
  ['mirostat', 0],
  ['mirostat_tau'],
  ['mirostat_eta'],
  ['penalize_newline'],
];

const commonParameters: readonly Parameter[] = [
  {
    name: 'model',
    fate: 'applied',
    note:
      `A Claude model, or a name mapped to one, with or without the tag \`:latest\`; \`model\` in the answer ` +
      `is the model that answered. ${EFFORT_IN_NAME}`,
    cases: EFFORT_CASES,
  },
  {
    name: 'stream',
    fate: 'applied',
    note: 'Lines of JSON, unless it is `false`. The last line is `done` and has the figures.',
  },
  {
    name: 'format',
    fate: 'applied',
    neutral: [''],
    note: 'A schema is enforced by the API’s structured output; the answer is checked to be JSON.',
    cases: [
      { fate: 'emulated', when: '`json`: the API has no such mode; one system block asks for a JSON object' },
      {
        fate: 'emulated',
        when: 'the schema uses keywords that the API cannot enforce: as `response_format` of `/v1/chat/completions`',
      },
      {
        fate: 'refused',
        when: 'the schema is recursive, has parts without a type, or has objects with free property names',
      },
    ],
  },
  {
    name: 'think',
    fate: 'applied',
    note:
      '`false` turns thinking off; `true` turns it on, with the model’s own effort or a budget of 8,192 ' +
      'tokens; a level as `reasoning_effort`. Thinking comes as `thinking`.',
    cases: [
      { fate: 'emulated', when: 'the model lacks the level: the next lower one is used' },
      { fate: 'emulated', when: 'the budget exceeds three quarters of `num_predict`: it is cut to that' },
      { fate: 'emulated', when: '`false`, and the model always thinks' },
      { fate: 'ignored', when: 'there is no room for thinking' },
      { fate: 'ignored', when: 'the model’s name has an effort' },
      { fate: 'ignored', when: 'the thinking before the results of tools is lost' },
    ],
  },
  {
    name: 'keep_alive',
    fate: 'ignored',
    silent: true,
    note:
      'Nothing is loaded here. Not reported: clients always send it. A request without messages or prompt is ' +
      'answered at once, with `done_reason` `load`, or `unload` for 0.',
  },
  {
    name: 'options.num_predict',
    fate: 'applied',
    note:
      'The most tokens of the answer, thinking included. Absent or not positive: 32,000, or the model’s ' +
      'maximum if that is lower.',
    cases: [{ fate: 'emulated', when: 'above the model’s maximum: the maximum is used' }],
  },
  {
    name: 'options.temperature',
    fate: 'applied',
    note: '0 to 1.',
    cases: [NO_SAMPLING, THINKING, { fate: 'emulated', when: 'above 1, the highest that Claude has: 1 is used' }],
  },
  {
    name: 'options.top_p',
    fate: 'applied',
    neutral: [1],
    note: 'Passed on.',
    cases: [
      NO_SAMPLING,
      { fate: 'ignored', when: 'a temperature is given too and the model takes only one of them' },
      { fate: 'ignored', when: 'the model thinks in this request and the value is below 0.95' },
    ],
  },
  { name: 'options.top_k', fate: 'applied', neutral: [0], note: 'Passed on.', cases: [NO_SAMPLING, THINKING] },
  {
    name: 'options.stop',
    fate: 'applied',
    note: 'A string or a list.',
    cases: [{ fate: 'emulated', when: 'a sequence is only white space: this server cuts the answer there' }],
  },
  ...NOT_CLAUDES.map(([name, neutral]): Parameter => ({
    name: `options.${name}`,
    fate: 'ignored',
    ...(neutral !== undefined && { neutral: [neutral] }),
    note: 'Claude has no such setting.',
  })),
  ...MACHINE.map((name): Parameter => ({
    name: `options.${name}`,
    fate: 'ignored',
    silent: true,
    note:
      'About the machine that Ollama runs on. Not reported: clients always send some, and no answer depends ' +
      'on it here.',
  })),
  { name: 'logprobs', fate: 'ignored', neutral: [false], note: 'Claude gives no log probabilities.' },
  { name: 'top_logprobs', fate: 'ignored', neutral: [0], note: 'Claude gives no log probabilities.' },
  {
    name: 'truncate',
    fate: 'ignored',
    neutral: [false],
    note: 'Nothing of a conversation is left out: one that is too long is an error.',
  },
  { name: 'shift', fate: 'ignored', neutral: [false], note: 'As `truncate`.' },
];

export const chatParameters: readonly Parameter[] = [
  ...commonParameters,
  {
    name: 'messages',
    fate: 'applied',
    note: 'Roles `system`, `user`, `assistant`, `tool`. Leading system messages become system blocks.',
    cases: [
      { fate: 'refused', when: `there are more than ${MOST_MESSAGES}` },
      { fate: 'refused', when: 'a call has no result, or a result has no call' },
      {
        fate: 'ignored',
        when:
          'messages of the assistant and of tools in front of the first user message, as they are left where ' +
          'a client cuts a long history',
      },
      {
        fate: 'emulated',
        when:
          'a later system message, a last one of the assistant, or only system messages: as in ' +
          '`/v1/chat/completions`',
      },
    ],
  },
  { name: 'messages[].images', fate: 'applied', note: 'PNG, JPEG, GIF, WebP as base64; also of tools.' },
  {
    name: 'messages[].tool_calls',
    fate: 'applied',
    note:
      'With or without `id`. Where a client drops the ids, results are found by `tool_name`, or else by their ' +
      'order, and Claude Code gets the whole conversation anew for each step.',
  },
  {
    name: 'messages[].tool_name',
    fate: 'applied',
    note: 'Which call a message of role `tool` answers; `tool_call_id` counts before it.',
  },
  {
    name: 'messages[].thinking',
    fate: 'ignored',
    silent: true,
    note: 'Accepted back, not passed on: thinking without its signature cannot be given to Claude again.',
  },
  {
    name: 'tools',
    fate: 'applied',
    note:
      'Functions; names, descriptions and schemas are passed on unchanged. Whether to call one is the model’s ' +
      'choice.',
    cases: [{ fate: 'refused', when: `there are more than ${MOST_TOOLS}` }],
  },
];

export const generateParameters: readonly Parameter[] = [
  ...commonParameters,
  {
    name: 'prompt',
    fate: 'applied',
    note: 'One user message. Claude answers it; it is not a model that continues text.',
  },
  { name: 'system', fate: 'applied', note: 'A system block.' },
  { name: 'images', fate: 'applied', note: 'As in messages.' },
  { name: 'suffix', fate: 'refused', neutral: [''], note: 'Claude cannot fill in a middle.' },
  {
    name: 'context',
    fate: 'refused',
    neutral: [[]],
    note: 'Tokens of another model; no answer here has one. `/api/chat` goes on with a conversation.',
  },
  { name: 'template', fate: 'ignored', neutral: [''], note: 'Claude has a template of its own.' },
  { name: 'raw', fate: 'ignored', neutral: [false], note: 'Claude has a template of its own.' },
  { name: 'width', fate: 'refused', neutral: [0], note: 'Claude makes no images.' },
  { name: 'height', fate: 'refused', neutral: [0], note: 'Claude makes no images.' },
  { name: 'steps', fate: 'refused', neutral: [0], note: 'Claude makes no images.' },
];
