/** Endpoints of the two APIs that this server does not have, each with a sentence that says so. */
import { TurnError } from '../turn/errors.ts';

const purpose = 'This server answers /v1/chat/completions, /v1/completions, /v1/messages and /v1/models with Claude.';

/** Paths below one of these are meant too. */
export const elsewhere: Readonly<Record<string, string>> = {
  '/v1/responses': 'The Responses API is not served yet; use Chat Completions (/v1/chat/completions).',
  '/responses': 'The Responses API is not served yet; use Chat Completions (/v1/chat/completions).',
  '/v1/embeddings': `Claude has no embeddings. ${purpose}`,
  '/embeddings': `Claude has no embeddings. ${purpose}`,
  '/v1/audio': `Claude has no audio. ${purpose}`,
  '/v1/images': `Claude makes no images. ${purpose}`,
  '/v1/moderations': `Claude has no moderation endpoint. ${purpose}`,
  '/v1/files': `Files are not stored here: send their content in the messages. ${purpose}`,
  '/v1/uploads': `Files are not stored here: send their content in the messages. ${purpose}`,
  '/v1/batches': `Batches are not served. ${purpose}`,
  '/v1/messages/batches': `Batches are not served. ${purpose}`,
  '/v1/fine_tuning': `Models cannot be trained here. ${purpose}`,
  '/v1/assistants': `Assistants are not served. ${purpose}`,
  '/v1/threads': `Assistants are not served. ${purpose}`,
  '/v1/vector_stores': `Files are not stored here. ${purpose}`,
  '/v1/realtime': `Realtime sessions are not served. ${purpose}`,
};

export const notServed = (explanation: string): TurnError => new TurnError('not_implemented', explanation);

export const noSuchRoute = (): TurnError => new TurnError('route_not_found', `There is nothing at this path. ${purpose}`);

export const wrongMethod = (allowed: readonly string[]): TurnError =>
  new TurnError('method_not_allowed', `This path takes ${allowed.join(', ')}.`);
