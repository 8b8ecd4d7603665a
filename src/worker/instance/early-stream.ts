/** A stream that sends keepalives until its answer arrives, because the container is still starting. */
import { toTurnError } from '../../turn/errors.ts';
import type { Clock } from '../../util/clock.ts';
import { timedOut, within } from '../../util/timer.ts';
import type { DialectResponder } from '../dialect-responder.ts';

export interface EarlyOptions {
  readonly responder: DialectResponder;
  readonly clock: Pick<Clock, 'after'>;
  readonly everyMs: number;
  /** The client has left before the answer began. */
  readonly leave: () => void;
}

/**
 * Keepalives, then the body of `answer`. The status is already 200, so an error answer or a rejected promise becomes
 * the dialect's error frame.
 */
export const earlyStream = (answer: Promise<Response>, options: EarlyOptions): ReadableStream<Uint8Array> => {
  const { responder, clock, everyMs, leave } = options;
  const body = answer.then(
    (response) => bodyOf(response, responder),
    (error: unknown) => oneChunk(responder.errorFrame(toTurnError(error))),
  );
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let waitMs = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    if (reader === undefined) {
      const arrived = await within(body, waitMs, clock);
      waitMs = everyMs;
      if (arrived === timedOut) return controller.enqueue(responder.lifeSign());
      reader = arrived.getReader();
    }
    const { done, value } = await reader.read();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  const cancel = async (reason: unknown): Promise<void> => {
    leave();
    await reader?.cancel(reason);
  };
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
};

const bodyOf = async (response: Response, responder: DialectResponder): Promise<ReadableStream<Uint8Array>> => {
  if (response.ok && response.body !== null) return response.body;
  return oneChunk(responder.renderedFrame(await response.text()));
};

const oneChunk = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
