/** What becomes of every parameter of `/v1/completions`. Read by the parser, the report and docs/COMPATIBILITY.md. */
import { commonParameters } from '../openai/common-parameters.ts';
import type { Parameter } from '../parameters.ts';

export const completionParameters: readonly Parameter[] = [
  {
    name: 'prompt',
    fate: 'applied',
    note:
      'A string, or a list of one string: one user message. Claude answers it; it is not a model that ' +
      'continues text.',
    cases: [{ fate: 'refused', when: 'several prompts, or token numbers' }],
  },
  { name: 'suffix', fate: 'refused', neutral: [''], note: 'Claude cannot fill in a middle.' },
  { name: 'echo', fate: 'emulated', neutral: [false], note: 'This server puts the prompt before the answer.' },
  { name: 'best_of', fate: 'refused', neutral: [1], note: 'Claude gives one answer a request.' },
  { name: 'logprobs', fate: 'ignored', neutral: [0], note: 'Claude gives no log probabilities.' },
  ...commonParameters,
];
