import { startOfMessages } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import { openAiCommon } from '../openai/common.ts';
import { errorFrame, renderError } from './error.ts';
import { renderModel, renderModels } from './models.ts';
import { parse, type ChatAnswer } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';

export const openAiChat: Dialect<ChatAnswer> = {
  ...openAiCommon,
  name: 'openai-chat',
  routes: [
    { method: 'POST', path: '/chat/completions', action: 'turn' },
    { method: 'POST', path: '/deployments/:model/chat/completions', action: 'turn' },
    { method: 'GET', path: '/models', action: 'models' },
    { method: 'GET', path: '/models/:id{.+}', action: 'model' },
  ],
  parse,
  render,
  stream,
  keepalive,
  renderError,
  errorFrame,
  renderModels,
  renderModel,
  conversationStart: (body) => startOfMessages('messages' in body ? body.messages : undefined),
};
