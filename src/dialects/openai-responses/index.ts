import { startOfMessages, textOf } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import { openAiCommon } from '../openai/common.ts';
import type { ResponsesAnswer } from './answer/answer.ts';
import { limitHeaders } from './codex-limits.ts';
import { parseCompact, renderCompact } from './compact-endpoint.ts';
import { belongsInStream, errorFrame, renderError, renderedErrorFrame } from './error.ts';
import { renderModel, renderModels } from './models.ts';
import { parse } from './parse.ts';
import { render } from './render.ts';
import { storage } from './storage.ts';
import { keepalive, stream } from './stream.ts';
import { responsesRequest } from './wire.ts';

export const openAiResponses: Dialect<ResponsesAnswer> = {
  ...openAiCommon,
  name: 'openai-responses',
  routes: [
    { method: 'POST', path: '/responses', action: 'turn', body: responsesRequest },
    { method: 'POST', path: '/responses/input_tokens', action: 'count', body: responsesRequest },
    { method: 'GET', path: '/responses/:id{resp_[^/]+}', action: 'stored-response' },
    { method: 'DELETE', path: '/responses/:id{resp_[^/]+}', action: 'remove-stored' },
    { method: 'GET', path: '/responses/:id{resp_[^/]+}/input_items', action: 'stored-input' },
    { method: 'POST', path: '/responses/:id{resp_[^/]+}/cancel', action: 'cancel' },
    { method: 'GET', path: '/models', action: 'models' },
  ],
  recognises: ({ query }) => query.has('client_version'),
  parse,
  renderModel,
  renderModels,
  render,
  stream,
  renderError,
  errorFrame,
  keepalive,
  limitHeaders,
  storage,
  parseCount: parse,
  renderCount: (inputTokens) => ({ object: 'response.input_tokens', input_tokens: inputTokens }),
  endsFailedStreams: true,
  belongsInStream,
  renderedErrorFrame,
  parameterNames: { thinking: 'reasoning.effort', max_tokens: 'max_output_tokens' },
  conversationStart: (body) => {
    const { input, instructions }: { input?: unknown; instructions?: unknown } = body;
    return typeof input === 'string' ? [textOf(instructions), '', input] : startOfMessages(input, instructions);
  },
};

/** Asked for by a path of its own, a summary is an object of its own, which is not stored. */
export const openAiCompaction: Dialect<ResponsesAnswer> = {
  ...openAiResponses,
  name: 'openai-compaction',
  routes: [{ method: 'POST', path: '/responses/compact', action: 'turn', body: responsesRequest }],
  parse: parseCompact,
  render: renderCompact,
};
