/** Ollama's errors are one sentence. No imports from Node: the Worker renders errors too. */
import { z } from 'zod';
import type { TurnError } from '../../turn/errors.ts';
import type { RenderedError, SseFrame } from '../dialect.ts';

export const errorSchema = z.object({ error: z.string() });

export const renderError = (error: TurnError): RenderedError => ({ body: { error: error.message } });

/** The stream ends after it, without a line that is `done`. */
export const errorFrame = (error: TurnError): SseFrame => ({ data: JSON.stringify(renderError(error).body) });
