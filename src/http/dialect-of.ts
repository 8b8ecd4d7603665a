/** Which dialect a request speaks, also where no route answers it: errors are written in it. */
import type { Dialect } from '../dialects/dialect.ts';
import { anthropicMessages, openAiChat, openAiCompletions } from '../dialects/index.ts';
import type { HttpContext } from './context.ts';

export const dialectOf = (c: HttpContext): Dialect => {
  if (speaksAnthropic(c)) return anthropicMessages;
  return /^\/(v1\/)?completions$/.test(c.req.path) ? openAiCompletions : openAiChat;
};

/** By the path, or for paths that both APIs have, by the header that only Anthropic's clients send. */
export const speaksAnthropic = (c: HttpContext): boolean =>
  /^\/(anthropic|v1\/messages|messages)(\/|$)/.test(c.req.path) || c.req.header('anthropic-version') !== undefined;
