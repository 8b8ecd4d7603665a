/** Endpoints of the two APIs that this server does not support, each with an explanation. */
import { TurnError } from '../turn/errors.ts';

const purpose =
  'This server answers /v1/chat/completions, /v1/completions, /v1/responses, /v1/messages and /v1/models with Claude.';

const baseUrlAdvice =
  'in your client, end the base URL with host and port, or with /v1 if the client does not add /v1 itself.';

const endpoints: Readonly<Record<string, string>> = {
  embeddings: `Claude has no embeddings. ${purpose}`,
  audio: `Claude has no audio. ${purpose}`,
  images: `Claude makes no images. ${purpose}`,
  moderations: `Claude has no moderation endpoint. ${purpose}`,
  files: `Files are not stored here: send their content in the messages. ${purpose}`,
  uploads: `Files are not stored here: send their content in the messages. ${purpose}`,
  batches: `Batches are not served. ${purpose}`,
  'messages/batches': `Batches are not served. ${purpose}`,
  fine_tuning: `Models cannot be trained here. ${purpose}`,
  assistants: `Assistants are not served. ${purpose}`,
  threads: `Assistants are not served. ${purpose}`,
  vector_stores: `Files are not stored here. ${purpose}`,
  realtime: `Realtime sessions are not served. ${purpose}`,
};

/** Ollama's: models are not managed here. */
const ollamaEndpoints: Readonly<Record<string, string>> = {
  '/api/embed': 'Claude has no embeddings.',
  '/api/embeddings': 'Claude has no embeddings.',
  ...Object.fromEntries(
    ['push', 'create', 'copy', 'delete', 'blobs'].map((name) => [
      `/api/${name}`,
      'Models are not managed here: GET /api/tags lists those that answer.',
    ]),
  ),
};

/** By path, under every prefix of a base URL; paths below match too. */
export const unsupportedEndpoints: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['/v1', '', '/anthropic/v1', '/openai/v1', '/openai'].flatMap((root) =>
      Object.entries(endpoints).map(([name, explanation]) => [`${root}/${name}`, explanation]),
    ),
  ),
  ...ollamaEndpoints,
};

/** 404, which no client retries: LangChain retries a 501 seven times, opencode for ever. */
export const unsupportedEndpoint = (explanation: string): TurnError =>
  new TurnError('unsupported_endpoint', explanation);

/**
 * Most wrong paths come from a base URL that is too long: the client appended `/v1/messages` to one that already had
 * it.
 */
export const noSuchRoute = (path: string, served: readonly string[]): TurnError => {
  if (path.includes('/v1/v1'))
    return new TurnError('route_not_found', `There is one /v1 too many in this path: ${baseUrlAdvice}`);
  const meant = served.filter((one) => one !== '/' && path.endsWith(one)).toSorted((a, b) => b.length - a.length)[0];
  const text = meant === undefined ? purpose : `${meant} is served: ${baseUrlAdvice}`;
  return new TurnError('route_not_found', `There is nothing at this path. ${text}`);
};

export const wrongMethod = (allowed: readonly string[]): TurnError =>
  new TurnError('method_not_allowed', `This path takes ${allowed.join(', ')}.`);
