import type { Dialect } from '../dialect.ts';
import { errorFrame, renderError } from './error.ts';
import { parse, type ChatAnswer } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';

/** `POST /v1/chat/completions` */
export const openAiChat: Dialect<ChatAnswer> = {
  name: 'openai-chat',
  parse,
  render,
  stream,
  renderError,
  errorFrame,
  keepalive,
};
