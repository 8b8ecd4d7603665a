/** What all OpenAI dialects declare alike. */
import type { Dialect } from '../dialect.ts';
import { errorSchema } from './error.ts';
import { limitHeaders } from './limit-headers.ts';

export const openAiCommon = {
  // Azure's paths too: `/openai/v1/*` is its newer API, `/openai/*?api-version=…` the older one.
  roots: ['/v1', '', '/openai/v1', '/openai'],
  limitHeaders,
  errorSchema,
  parameterNames: { thinking: 'reasoning_effort' },
  // OpenAI's SDK retries after some seconds where it is asked to wait longer; Anthropic's SDK waits.
  longestRetrySeconds: 60,
} satisfies Partial<Dialect>;
