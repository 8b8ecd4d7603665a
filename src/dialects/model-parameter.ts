/** The documentation of an effort after the model's name, `sonnet(high)`, for every dialect. */
import type { ParameterCase } from './parameters.ts';

export const EFFORT_IN_NAME =
  'An effort in brackets behind the name, `sonnet(high)`, counts before one in the request (`none`, `minimal`, ' +
  '`low` to `max`).';

export const EFFORT_CASES: readonly ParameterCase[] = [
  {
    fate: 'emulated',
    when: 'the name has an effort that the model lacks: the nearest is used, as for `reasoning_effort`',
  },
  { fate: 'ignored', when: 'the name has an effort that this request has no room for, as for `reasoning_effort`' },
];
