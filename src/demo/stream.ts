/** Writes an answer as the Messages API streams it: https://docs.anthropic.com/en/api/messages-streaming. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamEvent } from '../turn/events.ts';
import type { DemoAnswer } from './answer.ts';
import { errorBody } from './failure.ts';
import type { DemoResult, PiecedBlock } from './message.ts';

/**
 * `cut`: the caller must now destroy the connection; `failed`: an error event ended the stream. Throws when the client
 * leaves.
 */
export const writeStream = async (
  response: ServerResponse,
  { answer, result, signal }: { answer: DemoAnswer; result: DemoResult; signal: AbortSignal },
): Promise<'complete' | 'failed' | 'cut'> => {
  let deltas = 0;
  for (const event of eventsOf(result, answer.wordsPerDelta ?? 1)) {
    signal.throwIfAborted();
    if (event.type === 'content_block_delta') {
      if (answer.breaks !== undefined && deltas >= (answer.breaks.afterDeltas ?? 1))
        return breakOff(response, answer, signal);
      if (answer.delayMs !== undefined && answer.delayMs > 0) await sleep(answer.delayMs, undefined, { signal });
      deltas += 1;
    }
    // An answer too short for its break still breaks, at its end.
    if (event.type === 'message_delta' && answer.breaks !== undefined) return breakOff(response, answer, signal);
    if (!response.write(frame(event))) await once(response, 'drain', { signal });
  }
  response.end();
  return 'complete';
};

const breakOff = async (
  response: ServerResponse,
  { breaks }: DemoAnswer,
  signal: AbortSignal,
): Promise<'failed' | 'cut'> => {
  if (breaks?.kind === 'hang') await sleep(2 ** 30, undefined, { signal });
  if (breaks?.kind === 'error') {
    const message = breaks.message === undefined ? {} : { message: breaks.message };
    response.end(frame(errorBody({ status: 500, type: breaks.errorType ?? 'overloaded_error', ...message })));
    return 'failed';
  }
  await flushed(response);
  return 'cut';
};

/** What was written must leave before the socket is destroyed, or the client would see an empty answer. */
const flushed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.write('\n', () => resolve());
  });

const frame = (event: { readonly type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

type WireEvent = StreamEvent | { readonly type: 'ping' };

const eventsOf = function* ({ message, blocks }: DemoResult, piecesPerDelta: number): Generator<WireEvent> {
  const begun = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...message.usage, output_tokens: 1, output_tokens_details: null },
  };
  yield { type: 'message_start', message: begun };
  for (const [index, block] of blocks.entries()) {
    yield { type: 'content_block_start', index, content_block: emptied(block.block) };
    if (index === 0) yield { type: 'ping' };
    yield* deltasOf(block, index, Math.max(1, piecesPerDelta));
    yield { type: 'content_block_stop', index };
  }
  const { stop_reason, stop_sequence, stop_details, container, usage } = message;
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } =
    usage;
  yield {
    type: 'message_delta',
    delta: { stop_reason, stop_sequence, stop_details, container },
    usage: {
      input_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      output_tokens,
      output_tokens_details,
      server_tool_use: message.usage.server_tool_use,
    },
  };
  yield { type: 'message_stop' };
};

const emptied = (block: PiecedBlock['block']): PiecedBlock['block'] => {
  if (block.type === 'text') return { ...block, text: '', citations: block.citations === null ? null : [] };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return 'input' in block ? { ...block, input: {} } : block;
};

type DeltaEvent = Extract<StreamEvent, { type: 'content_block_delta' }>;

const deltasOf = function* ({ block, pieces }: PiecedBlock, index: number, size: number): Generator<DeltaEvent> {
  const event = (delta: DeltaEvent['delta']): DeltaEvent => ({ type: 'content_block_delta', index, delta });
  // The API opens the input of a tool with an empty piece.
  if ('input' in block) yield event({ type: 'input_json_delta', partial_json: '' });
  for (let at = 0; at < pieces.length; at += size) {
    const text = pieces.slice(at, at + size).join('');
    if (block.type === 'text') yield event({ type: 'text_delta', text });
    else if (block.type === 'thinking') yield event({ type: 'thinking_delta', thinking: text });
    else yield event({ type: 'input_json_delta', partial_json: text });
  }
  if (block.type === 'text')
    for (const citation of block.citations ?? []) yield event({ type: 'citations_delta', citation });
  if (block.type === 'thinking') yield event({ type: 'signature_delta', signature: block.signature });
};
