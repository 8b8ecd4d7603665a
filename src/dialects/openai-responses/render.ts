/** An answer as a `response` object. */
import { TurnError } from '../../turn/errors.ts';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { ParsedRequest } from '../dialect.ts';
import type { ResponsesAnswer } from './answer/answer.ts';
import { responseOf } from './answer/response.ts';

/** Throws `upstream_error` where a schema was to be kept and a finished answer is not even JSON. */
export const render = (message: AnswerMessage, { answer }: ParsedRequest<ResponsesAnswer>): object => {
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  if (answer.json && message.stop_reason === 'end_turn' && !isJson(text)) {
    throw new TurnError(
      'upstream_error',
      'The model answered with something other than the JSON that text.format asks for.',
    );
  }
  return responseOf(message, answer);
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
