/** Streams events as `text_completion` frames; the last frame has the finish_reason and no text. */
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import { MessageFold } from '../../turn/fold.ts';
import type { ParsedRequest, SseFrame } from '../dialect.ts';
import { keepalive } from '../openai-chat/stream.ts';
import { finishReason, renderUsage } from '../openai/usage.ts';
import type { CompletionAnswer } from './parse.ts';
import { envelope } from './render.ts';

export { keepalive };

/** Throws `upstream_error` when the events end before the answer does. */
export const stream = async function* (
  events: AsyncIterable<TurnEvent>,
  { answer }: ParsedRequest<CompletionAnswer>,
): AsyncGenerator<SseFrame> {
  const fold = new MessageFold();
  let head: object = {};
  const frame = (text: string, finish_reason: string | null = null): SseFrame => ({
    data: JSON.stringify({
      ...head,
      choices: [{ text, index: 0, logprobs: null, finish_reason }],
      ...(answer.includeUsage ? { usage: null } : {}),
    }),
  });
  for await (const event of events) {
    if (event.type === 'ping') yield keepalive;
    if (!isStreamEvent(event)) continue;
    fold.add(event);
    if (event.type === 'message_start') {
      head = envelope(event.message, answer.created);
      if (answer.echo !== '') yield frame(answer.echo);
    }
    const text = textOf(event);
    if (text !== '') yield frame(text);
  }
  if (!fold.complete) throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
  const message = fold.message();
  yield frame('', finishReason(message.stop_reason, false));
  if (answer.includeUsage) yield { data: JSON.stringify({ ...head, choices: [], usage: renderUsage(message.usage) }) };
  yield { data: '[DONE]' };
};

const textOf = (event: TurnEvent): string => {
  if (event.type === 'content_block_start' && event.content_block.type === 'text') return event.content_block.text;
  return event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '';
};
