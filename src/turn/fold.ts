/** Folds the stream into the answer of a request that is not streamed. */
import type { AnswerMessage, Usage } from './turn.ts';
import { isStreamEvent, type StreamEvent, type TurnEvent } from './events.ts';
import { brokenInput } from './broken-input.ts';
import { TurnError } from './errors.ts';

type Block = AnswerMessage['content'][number];
type StartEvent = Extract<StreamEvent, { type: 'content_block_start' }>;
type DeltaEvent = Extract<StreamEvent, { type: 'content_block_delta' }>;
type MessageDelta = Extract<StreamEvent, { type: 'message_delta' }>;

/** Folds the events of one answer into its message. Throws `upstream_error` for a stream that ends early. */
export const foldMessage = async (events: AsyncIterable<TurnEvent>): Promise<AnswerMessage> => {
  const fold = new MessageFold();
  for await (const event of events) if (isStreamEvent(event)) fold.add(event);
  return fold.message();
};

/** The same fold, one event at a time, for code that also passes the events on. */
export class MessageFold {
  #message: AnswerMessage | undefined;
  #complete = false;
  readonly #partialJson = new Map<number, string>();

  get complete(): boolean {
    return this.#complete;
  }

  add(event: StreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.#message = structuredClone(event.message);
        return;
      case 'content_block_start':
        this.#start(event);
        return;
      case 'content_block_delta':
        this.#delta(event);
        return;
      case 'content_block_stop':
        this.#stop(event.index);
        return;
      case 'message_delta':
        this.#messageDelta(event);
        return;
      case 'message_stop':
        this.#complete = true;
        return;
      default:
        // An event type newer than this code: tolerated when run, an error when compiled.
        event satisfies never;
    }
  }

  /** The message so far. */
  soFar(): AnswerMessage {
    return this.#open();
  }

  /** The complete message; throws `upstream_error` before `message_stop`. */
  message(): AnswerMessage {
    if (this.#message === undefined || !this.#complete) {
      throw new TurnError('upstream_error', 'The upstream answer ended before it was complete.');
    }
    return this.#message;
  }

  #open(): AnswerMessage {
    if (this.#message === undefined)
      throw new TurnError('upstream_error', 'The upstream stream did not begin with message_start.');
    return this.#message;
  }

  #start(event: StartEvent): void {
    const block = structuredClone(event.content_block);
    // The API sends `input: {}` here and the actual input as deltas.
    if ('input' in block) this.#partialJson.set(event.index, '');
    this.#open().content[event.index] = block;
  }

  #delta(event: DeltaEvent): void {
    const block = this.#open().content[event.index];
    if (block === undefined)
      throw new TurnError(
        'upstream_error',
        `The upstream sent a delta for block ${event.index}, which it had not begun.`,
      );
    const { delta } = event;
    if (delta.type === 'input_json_delta') {
      this.#partialJson.set(event.index, (this.#partialJson.get(event.index) ?? '') + delta.partial_json);
    } else applyDelta(block, delta);
  }

  #stop(index: number): void {
    const json = this.#partialJson.get(index);
    const block = this.#open().content[index];
    if (json === undefined || json === '' || block === undefined || !('input' in block)) return;
    block.input = parseToolInput(json);
  }

  #messageDelta({ delta, usage }: MessageDelta): void {
    const message = this.#open();
    Object.assign(message, definedOnly(delta));
    message.usage = { ...message.usage, ...(definedOnly(usage) as Partial<Usage>) };
  }
}

const applyDelta = (block: Block, delta: Exclude<DeltaEvent['delta'], { type: 'input_json_delta' }>): void => {
  switch (delta.type) {
    case 'text_delta':
      if (block.type === 'text') block.text += delta.text;
      return;
    case 'thinking_delta':
      if (block.type === 'thinking') block.thinking += delta.thinking;
      return;
    case 'signature_delta':
      if (block.type === 'thinking') block.signature = delta.signature;
      return;
    case 'citations_delta':
      if (block.type === 'text') block.citations = [...(block.citations ?? []), delta.citation];
      return;
    default:
      delta satisfies never;
  }
};

/** A tool input that was cut off by max_tokens is not valid JSON; the raw text is kept, as the API does. */
const parseToolInput = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return brokenInput(json);
  }
};

const definedOnly = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
