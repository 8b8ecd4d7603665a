/** An answer as a `text_completion` object. */
import type { AnswerMessage } from '../../turn/turn.ts';
import type { ParsedRequest } from '../dialect.ts';
import { finishReason, renderUsage } from '../openai/usage.ts';
import type { CompletionAnswer } from './parse.ts';

export const render = (message: AnswerMessage, { answer }: ParsedRequest<CompletionAnswer>): object => {
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return {
    ...envelope(message, answer.created),
    choices: [
      { text: answer.echo + text, index: 0, logprobs: null, finish_reason: finishReason(message.stop_reason, false) },
    ],
    usage: renderUsage(message.usage),
  };
};

/** The head that an answer and all its chunks share. */
export const envelope = (message: Pick<AnswerMessage, 'id' | 'model'>, created: number): object => ({
  id: `cmpl-${message.id.replace(/^msg_/u, '')}`,
  object: 'text_completion',
  created,
  model: message.model,
  system_fingerprint: `fp_${message.model}`,
});
