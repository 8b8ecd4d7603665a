/** What becomes of the parameters that the OpenAI APIs share. */
import { EFFORT_CASES, EFFORT_IN_NAME } from '../model-parameter.ts';
import type { Parameter, ParameterCase } from '../parameters.ts';

const NO_SAMPLING = {
  fate: 'ignored',
  if: { sampling: 'none' },
  when: 'the model takes no sampling parameters',
} as const;
const THINKING = {
  fate: 'ignored',
  when: 'the model thinks in this request: the API then takes its own default only',
} as const;
/** Claude Code's login sends metadata of its own. */
export const OWN_METADATA: ParameterCase = {
  fate: 'ignored',
  if: { lacks: 'metadata' },
  when: 'a login of Claude Code, which sends metadata of its own',
};

/** Sampling parameters, which every OpenAI API has. */
export const samplingParameters: readonly Parameter[] = [
  {
    name: 'temperature',
    fate: 'applied',
    note: '0 to 2, halved: the API counts from 0 to 1.',
    cases: [NO_SAMPLING, THINKING],
  },
  {
    name: 'top_p',
    fate: 'applied',
    neutral: [1],
    note: 'Passed on, except 1, which restricts nothing.',
    cases: [
      NO_SAMPLING,
      { fate: 'ignored', when: 'a temperature is given too and the model takes only one of them' },
      { fate: 'ignored', when: 'the model thinks in this request and the value is below 0.95' },
    ],
  },
  { name: 'frequency_penalty', fate: 'ignored', neutral: [0], note: 'Claude has no penalties.' },
  { name: 'presence_penalty', fate: 'ignored', neutral: [0], note: 'Claude has no penalties.' },
];

export const commonParameters: readonly Parameter[] = [
  { name: 'model', fate: 'applied', note: EFFORT_IN_NAME, cases: EFFORT_CASES },
  { name: 'stream', fate: 'applied', note: 'Server-sent events, ended by `[DONE]`.' },
  { name: 'stream_options.include_usage', fate: 'applied', note: 'A last chunk with `choices: []` and the usage.' },
  {
    name: 'stream_options.include_obfuscation',
    fate: 'ignored',
    neutral: [false],
    note: 'No padding is added to chunks.',
  },
  {
    name: 'max_tokens',
    fate: 'applied',
    note: 'Thinking counts towards it. Absent: 32,000, or the model’s maximum if that is lower.',
    cases: [{ fate: 'emulated', when: 'above the model’s maximum: the maximum is used' }],
  },
  ...samplingParameters,
  { name: 'n', fate: 'refused', neutral: [1], note: 'Claude gives one answer a request.' },
  { name: 'seed', fate: 'ignored', note: 'Claude has no seed.' },
  {
    name: 'stop',
    fate: 'applied',
    note: 'A string or up to four. Empty strings ask for nothing.',
    cases: [
      {
        fate: 'emulated',
        when: 'a sequence is only whitespace, which the API refuses: this server cuts the answer there',
      },
    ],
  },
  { name: 'logit_bias', fate: 'ignored', neutral: [{}], note: 'Claude has no token biases.' },
  {
    name: 'user',
    fate: 'applied',
    neutral: [''],
    note: 'Becomes `metadata.user_id`, as a SHA-256 hash.',
    cases: [OWN_METADATA],
  },
];

/** The fate of `strict` at a tool. */
export const STRICT_TOOL = {
  fate: 'applied',
  note: 'Enforced by the API; `$schema`, `$id` and `$comment` are then taken out of the schema.',
  cases: [
    {
      fate: 'ignored',
      when:
        'the schema is outside what the API enforces, or more than 20 tools are strict: the tool is offered ' +
        'without it',
    },
  ],
} as const satisfies Omit<Parameter, 'name'>;
