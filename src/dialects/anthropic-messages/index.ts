import { startOfMessages } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import { errorFrame, errorSchema, renderError } from './error.ts';
import { renderModel, renderModels } from './models.ts';
import { parse, parseCountTokens } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';
import { countTokensRequest, messagesRequest } from './wire.ts';

export const anthropicMessages: Dialect<null> = {
  name: 'anthropic-messages',
  roots: ['/v1', '', '/anthropic/v1'],
  routes: [
    { method: 'POST', path: '/messages', action: 'turn', body: messagesRequest },
    { method: 'POST', path: '/messages/count_tokens', action: 'count', body: countTokensRequest },
    { method: 'GET', path: '/models', action: 'models' },
    { method: 'GET', path: '/models/:id{.+}', action: 'model' },
  ],
  // Every client of Anthropic sends this header: https://docs.anthropic.com/en/api/versioning
  recognises: ({ headers }) => headers.has('anthropic-version'),
  parse,
  parseCount: parseCountTokens,
  renderCount: (inputTokens) => ({ input_tokens: inputTokens }),
  render,
  stream,
  renderError,
  errorSchema,
  errorFrame,
  keepalive,
  renderModels,
  renderModel,
  conversationStart: (body) =>
    startOfMessages('messages' in body ? body.messages : undefined, 'system' in body ? body.system : undefined),
  parametersInHeaders: {
    'anthropic-user-profile-id': 'user_profile_id',
    'anthropic-workspace-id': 'workspace_id',
  },
  requestIdHeader: 'request-id',
  knowsPauses: true,
};
