import type { Dialect } from '../dialect.ts';
import { errorFrame, renderError } from './error.ts';
import { parse, type CompletionAnswer } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';

/** `POST /v1/completions` */
export const openAiCompletions: Dialect<CompletionAnswer> = {
  name: 'openai-completions',
  parse,
  render,
  stream,
  renderError,
  errorFrame,
  keepalive,
};
