import { startOfMessages } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import { openAiResponses } from '../openai-responses/index.ts';
import { openAiCommon } from '../openai/common.ts';
import { errorFrame, renderError } from './error.ts';
import { renderModel, renderModels } from './models.ts';
import type { ChatAnswer } from './answer.ts';
import { parse } from './parse.ts';
import { render } from './render.ts';
import { isResponsesBody } from './responses-body.ts';
import { keepalive, stream } from './stream.ts';
import { chatRequest } from './wire.ts';

export const openAiChat: Dialect<ChatAnswer> = {
  ...openAiCommon,
  name: 'openai-chat',
  routes: [
    { method: 'POST', path: '/chat/completions', action: 'turn', body: chatRequest },
    { method: 'POST', path: '/deployments/:model/chat/completions', action: 'turn', body: chatRequest },
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
  conversationStart: (body) => {
    const { messages, system }: { messages?: unknown; system?: unknown } = body;
    return isResponsesBody(body) ? openAiResponses.conversationStart(body) : startOfMessages(messages, system);
  },
};
