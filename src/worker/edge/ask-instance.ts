/**
 * One instance asked from the Worker, though the platform may reset its Durable Object meanwhile: a deployment does,
 * and so does a host that goes away. A request may be sent again: the container takes each id once.
 */
import { TurnError } from '../../turn/errors.ts';
import { formatOfAnswer } from '../../http/answer/stream-format.ts';
import { checkedStream } from '../checked-stream.ts';
import type { DialectResponder } from '../dialect-responder.ts';
import { INTERNAL } from '../internal-protocol.ts';

export interface Asking {
  readonly ask: () => Promise<Response>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly client: AbortSignal;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 100;

/** Throws `engine_unavailable` for an object that is reset again and again, or overloaded. */
export const askInstance = async ({ ask, sleep, client }: Asking): Promise<Response> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const failure = objectFailure(error);
      if (failure === 'other') throw error;
      if (failure === 'overloaded' || tries === TRIES || client.aborted) throw unavailable(failure, error);
      await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }
};

export type ObjectFailure =
  /** The object went away; the next call gets a new one. */
  | 'reset'
  /** It has more requests than it can take; asking again makes that worse. */
  | 'overloaded'
  /** Our own code threw. */
  | 'other';

/** By the properties that the platform sets on its errors, and by their message where those are missing. */
export const objectFailure = (error: unknown): ObjectFailure => {
  const { retryable, overloaded, durableObjectReset, message } = (error ?? {}) as {
    readonly [property: string]: unknown;
  };
  if (overloaded === true) return 'overloaded';
  if (retryable === true || durableObjectReset === true) return 'reset';
  return /durable object.*(reset|starting up|has been disconnected)|code was updated|network connection lost/i.test(
    String(message),
  )
    ? 'reset'
    : 'other';
};

const unavailable = (failure: 'reset' | 'overloaded', cause: unknown): TurnError =>
  failure === 'overloaded'
    ? new TurnError('engine_unavailable', 'This instance gets more requests than the platform lets it take.', {
        retryAfterSeconds: 5,
        cause,
      })
    : new TurnError('engine_unavailable', 'The platform is replacing this instance; ask again in a moment.', {
        retryAfterSeconds: 2,
        cause,
      });

/** A stream of an instance with its end checked: an object that is reset ends it in the middle, cleanly or not. */
export const wholeOrError = (
  response: Response,
  { responder, onBroken }: { readonly responder: DialectResponder; readonly onBroken: (error: TurnError) => void },
): Response => {
  const format = formatOfAnswer(response.headers);
  if (response.headers.get(INTERNAL) !== 'eos' || response.body === null || format === undefined) return response;
  const headers = new Headers(response.headers);
  headers.delete(INTERNAL);
  const body = checkedStream(response.body, {
    format,
    marked: true,
    touch: () => {},
    released: () => {},
    broken: () => {
      const error = new TurnError('engine_died', 'The instance was replaced before the answer was complete.');
      onBroken(error);
      return responder.errorFrame(error);
    },
  });
  return new Response(body, { status: response.status, headers });
};
