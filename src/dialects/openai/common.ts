/** What every dialect of OpenAI declares alike. */
import type { Dialect } from '../dialect.ts';
import { errorFrame, renderError } from './error.ts';
import { limitHeaders } from './limit-headers.ts';
import { renderModel, renderModels } from './models.ts';

export const openAiCommon = {
  roots: ['/v1', ''],
  renderError,
  errorFrame,
  renderModel,
  renderModels,
  limitHeaders,
  parameterNames: { thinking: 'reasoning_effort' },
  // Asked to wait longer, OpenAI's SDK comes back after some seconds instead; Anthropic's waits.
  longestRetrySeconds: 60,
} satisfies Partial<Dialect>;
