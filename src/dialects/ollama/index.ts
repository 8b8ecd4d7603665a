import { startOfMessages, textOf } from '../conversation-start.ts';
import type { Dialect } from '../dialect.ts';
import type { OllamaAnswer } from './answer.ts';
import { errorFrame, errorSchema, renderError } from './error.ts';
import { API_VERSION, modelAskedFor, renderModel, renderModels } from './models.ts';
import { parseChat, parseGenerate } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';
import { chatRequest, generateRequest, modelRequest } from './wire.ts';

const common = {
  roots: ['/api'],
  streamFormat: 'ndjson',
  streamsUnlessTold: true,
  render,
  stream,
  renderError,
  errorSchema,
  errorFrame,
  renderModels,
  renderModel,
  parameterNames: { thinking: 'think', max_tokens: 'options.num_predict' },
} satisfies Partial<Dialect<OllamaAnswer>>;

export const ollamaChat: Dialect<OllamaAnswer> = {
  ...common,
  name: 'ollama-chat',
  routes: [
    { method: 'POST', path: '/chat', action: 'turn', body: chatRequest },
    { method: 'GET', path: '/tags', action: 'models' },
    { method: 'POST', path: '/show', action: 'model-details', body: modelRequest },
    { method: 'POST', path: '/pull', action: 'pull-model', body: modelRequest },
    { method: 'GET', path: '/ps', action: 'running-models' },
    { method: 'GET', path: '/version', action: 'api-version' },
  ],
  discovery: {
    version: { version: API_VERSION },
    // None is loaded: they run elsewhere.
    running: { models: [] },
    pulled: { status: 'success' },
    modelAskedFor,
  },
  parse: parseChat,
  keepalive: keepalive('chat'),
  conversationStart: (body) => startOfMessages('messages' in body ? body.messages : undefined),
};

export const ollamaGenerate: Dialect<OllamaAnswer> = {
  ...common,
  name: 'ollama-generate',
  routes: [{ method: 'POST', path: '/generate', action: 'turn', body: generateRequest }],
  parse: parseGenerate,
  keepalive: keepalive('generate'),
  conversationStart: (body) => {
    const { system, prompt }: { system?: unknown; prompt?: unknown } = body;
    return [textOf(system), '', textOf(prompt)];
  },
};
