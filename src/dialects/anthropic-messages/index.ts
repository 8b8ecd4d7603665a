import type { Dialect } from '../dialect.ts';
import { errorFrame, renderError } from './error.ts';
import { parse } from './parse.ts';
import { render } from './render.ts';
import { keepalive, stream } from './stream.ts';

export { parseCountTokens } from './parse.ts';

/** `POST /v1/messages` */
export const anthropicMessages: Dialect<null> = {
  name: 'anthropic-messages',
  parse,
  render,
  stream,
  renderError,
  errorFrame,
  keepalive,
};
