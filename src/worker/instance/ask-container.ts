/** A request as it goes to the container, and what can become of it there. */
import { TurnError } from '../../turn/errors.ts';
import { HEAD_HEADER, readLateHead } from '../../http/answer/late-head.ts';
import { INTERNAL, innerHeaders } from '../internal-protocol.ts';
import type { ContainerFetch } from './container.ts';
import { cutOff } from './supervised-answer.ts';
import type { Trip } from './trip.ts';

/** Connections that may fail before the container has taken the request. */
const TRIES = 3;

/** It can be sent again: its body is held. */
export interface ContainerRequest {
  readonly path: string;
  readonly headers: Headers;
  readonly init: RequestInit;
  tries: number;
}

export type Outcome =
  | { readonly kind: 'answer'; readonly response: Response }
  /** The connection failed; it may be tried again. */
  | { readonly kind: 'lost' }
  /** A server that is ending refuses what is new; the next one will take it. */
  | { readonly kind: 'draining' };

export const requestForContainer = async (
  request: Request,
  { requestId, signal }: { readonly requestId: string; readonly signal: AbortSignal },
): Promise<ContainerRequest> => {
  const { pathname, search } = new URL(request.url);
  const headers = innerHeaders(request.headers, requestId);
  headers.set(INTERNAL, 'eos');
  headers.set(HEAD_HEADER, 'late');
  const body = request.body === null ? null : await request.arrayBuffer();
  const init: RequestInit = { method: request.method, headers, body, signal, redirect: 'manual' };
  return { path: pathname + search, headers, init, tries: 0 };
};

/**
 * Throws `client_closed`; `engine_died` when the connection failed too often, or after the container had taken the
 * request, which may have been paid by then; `engine_unavailable` when a request comes again that was taken before.
 */
export const askContainer = async (
  asked: ContainerRequest,
  { trip, fetch }: { readonly trip: Trip; readonly fetch: ContainerFetch },
): Promise<Outcome> => {
  trip.ask();
  let taken = false;
  try {
    const first = await fetch(asked.path, asked.init);
    taken = first.headers.get(HEAD_HEADER) === 'late';
    const response = await readLateHead(first);
    const refusal = response.status === 503 ? response.headers.get(INTERNAL) : null;
    if (refusal === 'taken') throw takenBefore();
    if (refusal !== 'draining') return { kind: 'answer', response };
    trip.takeBack();
    await response.body?.cancel();
    return { kind: 'draining' };
  } catch (error) {
    trip.takeBack();
    if (trip.stage === 'left') throw new TurnError('client_closed', 'The client closed the request.', { cause: error });
    if (error instanceof TurnError) throw error;
    asked.tries += 1;
    if (taken || asked.tries >= TRIES) throw cutOff(error);
    return { kind: 'lost' };
  }
};

const takenBefore = (): TurnError =>
  new TurnError('engine_unavailable', 'The connection broke while the container was at work; ask again.', {
    retryAfterSeconds: 1,
  });
