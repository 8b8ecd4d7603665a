import { textOf } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import { openAiCommon } from '../openai/common.ts';
import { errorFrame, renderError } from './error.ts';
import { renderModel, renderModels } from './models.ts';
import { parse, type CompletionAnswer } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';
import { completionRequest } from './wire.ts';

export const openAiCompletions: Dialect<CompletionAnswer> = {
  ...openAiCommon,
  name: 'openai-completions',
  routes: [
    { method: 'POST', path: '/completions', action: 'turn', body: completionRequest },
    { method: 'POST', path: '/deployments/:model/completions', action: 'turn', body: completionRequest },
  ],
  parse,
  render,
  stream,
  keepalive,
  renderError,
  errorFrame,
  renderModels,
  renderModel,
  conversationStart: (body) => ['prompt' in body ? textOf(body.prompt) : ''],
};
