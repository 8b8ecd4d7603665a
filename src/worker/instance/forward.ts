/**
 * One request, from the Durable Object through its container. The request counts as open until its
 * body has ended, or the client has left, also before the headers: then the instance may sleep.
 */
import { TurnError, toTurnError } from '../../turn/errors.ts';
import { checkedStream } from './checked-stream.ts';
import type { ContainerLife } from './container.ts';
import { DownError, downTurnError, type DownReason } from './container-errors.ts';
import { earlyStream } from './early-stream.ts';
import { INTERNAL, innerHeaders } from '../internal-protocol.ts';
import type { Ticket } from './open-requests.ts';
import type { Voice } from './dialect-responder.ts';

export interface Forwarding {
  readonly life: Pick<ContainerLife, 'ready' | 'fetch' | 'state' | 'waitingFor' | 'doubt' | 'leaving'>;
  readonly voice: Voice;
  readonly ticket: Ticket;
  /** The client asked for a stream. */
  readonly stream: boolean;
  readonly timing: ForwardTiming;
  readonly sleep: (ms: number) => Promise<void>;
  /** What a caller is told of a container that is down. */
  readonly explain: (reason: DownReason) => DownReason;
  /** Runs when the container can be asked, before each time it is asked. */
  readonly beforeTurn: () => Promise<void>;
  /** The headers have arrived, or all is over: `end` comes on every path, perhaps more than once. */
  readonly onProgress: (what: 'headers' | 'end') => void;
  /** The container is ending and refused the request: an answer that sends it to another instance, when there is one. */
  readonly sendAway: () => Response | undefined;
  /** What callers are not told in full. */
  readonly onFailure: (error: TurnError) => void;
}

export interface ForwardTiming {
  /** How long an answer that is not streamed waits for a container. */
  readonly startWaitMs: number;
  /** When a stream gets its first sign of life while the container starts, and how often after that. */
  readonly lifeSignAfterMs: number;
  readonly lifeSignEveryMs: number;
}

/** Connections that may fail before the answer has begun. Nothing has been shown to the client until then. */
const TRIES = 3;
/** The server sends the headers of a stream earlier; later the connection may be a dead one. */
const HEADERS_BY_MS = 20_000;

export const forward = async (request: Request, forwarding: Forwarding): Promise<Response> => {
  const { voice, ticket, onProgress, onFailure } = forwarding;
  const trip: Trip = { left: new AbortController(), inside: false, answered: false, shown: false, sentAway: false };
  const over = (): void => {
    ticket.release();
    onProgress('end');
  };
  const leave = (): void => {
    trip.left.abort();
    ticket.release();
    if (trip.answered) onProgress('end'); // Before that the answer fails, and says it.
  };
  const fail = (thrown: unknown): TurnError => {
    const error = toldOf(thrown, forwarding);
    over();
    if (error.code !== 'client_closed') onFailure(error);
    return error;
  };
  // Needs the compatibility flags enable_request_signal and request_signal_passthrough.
  request.signal.addEventListener('abort', leave);
  if (request.signal.aborted) leave();
  const answer = answerTo(request, { trip, over, ...forwarding }).catch((error: unknown) => {
    throw fail(error);
  });
  try {
    return await (forwarding.stream ? withLifeSigns(answer, { trip, leave, ...forwarding }) : answer);
  } catch (error) {
    return voice.error(error);
  }
};

/** How far a request has come. */
interface Trip {
  /** Aborted when the client has left. */
  readonly left: AbortController;
  /** The container has been asked: what comes next is its own to say. */
  inside: boolean;
  answered: boolean;
  /** The client has headers: the status can no longer change. */
  shown: boolean;
  sentAway: boolean;
}

interface Showing extends Forwarding {
  readonly trip: Trip;
  readonly leave: () => void;
}

/** The answer itself when it comes soon, or while the container is at work on it; else a stream that shows life. */
const withLifeSigns = async (
  answer: Promise<Response>,
  { trip, leave, life, voice, timing, sleep }: Showing,
): Promise<Response> => {
  for (let waitedMs = 0; ;) {
    const first = await Promise.race([answer, sleep(timing.lifeSignAfterMs)]);
    if (first !== undefined) return first;
    if (trip.sentAway) return answer;
    waitedMs += timing.lifeSignAfterMs;
    if (trip.inside && life.state === 'ready' && waitedMs < HEADERS_BY_MS) continue;
    trip.shown = true;
    return voice.stream(earlyStream(answer, { voice, sleep, everyMs: timing.lifeSignEveryMs, leave }));
  }
};

/** A request that can be sent again: its body is held. */
interface Asked {
  readonly path: string;
  readonly init: RequestInit;
}

const askedOf = async (request: Request, requestId: string, signal: AbortSignal): Promise<Asked> => {
  const { pathname, search } = new URL(request.url);
  const headers = innerHeaders(request.headers, requestId);
  headers.set(INTERNAL, 'eos');
  const body = request.body === null ? null : await request.arrayBuffer();
  return { path: pathname + search, init: { method: request.method, headers, body, signal, redirect: 'manual' } };
};

interface Asking extends Forwarding {
  readonly trip: Trip;
  readonly over: () => void;
}

/** The answer, its end supervised. Throws `TurnError` or `DownError`. */
const answerTo = async (request: Request, asking: Asking): Promise<Response> => {
  const { life, trip, sendAway, over } = asking;
  const asked = await askedOf(request, asking.voice.requestId, trip.left.signal);
  for (let attempt = 1; ; attempt += 1) {
    await startedInTime(asking);
    refuseIfLeft(trip);
    await asking.beforeTurn();
    refuseIfLeft(trip);
    const response = await ask(asked, asking, attempt < TRIES);
    if (response === undefined) life.doubt();
    else if (!isDraining(response)) return supervised(response, asking);
    else {
      await response.body?.cancel();
      life.leaving();
      const away = trip.shown ? undefined : sendAway();
      if (away === undefined) continue;
      trip.sentAway = true;
      over();
      return away;
    }
  }
};

/** Undefined when the connection failed and may be tried again. */
const ask = async (asked: Asked, { life, trip, ticket }: Asking, again: boolean): Promise<Response | undefined> => {
  const inside = (is: boolean): void => ticket.inside((trip.inside = is));
  inside(true);
  try {
    const response = await life.fetch(asked.path, asked.init);
    if (isDraining(response)) inside(false);
    return response;
  } catch (error) {
    inside(false);
    refuseIfLeft(trip, error);
    if (!again) throw cutOff(error);
    return undefined;
  }
};

const refuseIfLeft = ({ left }: Trip, cause?: unknown): void => {
  if (left.signal.aborted) throw new TurnError('client_closed', 'The client closed the request.', { cause });
};

const startedInTime = async ({ life, stream, timing, sleep }: Forwarding): Promise<void> => {
  if (stream) return life.ready();
  const late = sleep(timing.startWaitMs).then(() => 'late' as const);
  if ((await Promise.race([life.ready(), late])) === 'late') throw new DownError(life.waitingFor);
};

// A server that was told to end refuses what is new; the next one will take it.
const isDraining = (response: Response): boolean =>
  response.status === 503 && response.headers.get(INTERNAL) === 'draining';

const supervised = async (response: Response, { trip, voice, ticket, onProgress, over }: Asking): Promise<Response> => {
  const headers = new Headers(response.headers);
  const marked = headers.get(INTERNAL) === 'eos';
  headers.delete(INTERNAL);
  trip.answered = true;
  ticket.answered();
  onProgress('headers');
  if (response.body === null || !headers.get('content-type')?.startsWith('text/event-stream')) {
    try {
      return new Response(await wholeBody(response), { status: response.status, headers });
    } catch (error) {
      throw cutOff(error);
    } finally {
      over();
    }
  }
  const body = checkedStream(response.body, {
    marked,
    touch: ticket.touch,
    broken: () => voice.errorFrame(cutOff(undefined)),
    released: over,
  });
  return new Response(body, { status: response.status, headers });
};

/** Throws when the body did not arrive whole: some versions of the platform call that an end. */
const wholeBody = async (response: Response): Promise<ArrayBuffer | null> => {
  if (response.body === null) return null;
  const body = await response.arrayBuffer();
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== body.byteLength) throw new Error('the answer was cut off');
  if (length === null && response.headers.get('content-type')?.startsWith('application/json')) refuseCutJson(body);
  return body;
};

// The parser's message would repeat a piece of the answer, so it is not passed on.
const refuseCutJson = (body: ArrayBuffer): void => {
  try {
    JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Error('the JSON of the answer was cut off');
  }
};

const cutOff = (cause: unknown): TurnError =>
  new TurnError('engine_died', 'The container stopped before the answer was complete.', { cause });

const toldOf = (error: unknown, { explain }: Pick<Forwarding, 'explain'>): TurnError =>
  error instanceof DownError ? downTurnError(explain(error.reason)) : toTurnError(error);
