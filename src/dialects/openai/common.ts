/** What every dialect of OpenAI declares alike. */
import type { Dialect } from '../dialect.ts';
import { limitHeaders } from './limit-headers.ts';

export const openAiCommon = {
  // Azure's paths too: `/openai/v1/*` is its newer API, `/openai/*?api-version=…` the older one.
  roots: ['/v1', '', '/openai/v1', '/openai'],
  limitHeaders,
  parameterNames: { thinking: 'reasoning_effort' },
  // Asked to wait longer, OpenAI's SDK comes back after some seconds instead; Anthropic's waits.
  longestRetrySeconds: 60,
} satisfies Partial<Dialect>;
