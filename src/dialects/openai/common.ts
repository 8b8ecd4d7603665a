/** What every dialect of OpenAI declares alike. */
import type { Dialect } from '../dialect.ts';
import { limitHeaders } from './limit-headers.ts';

export const openAiCommon = {
  roots: ['/v1', ''],
  limitHeaders,
  parameterNames: { thinking: 'reasoning_effort' },
  // Asked to wait longer, OpenAI's SDK comes back after some seconds instead; Anthropic's waits.
  longestRetrySeconds: 60,
} satisfies Partial<Dialect>;
