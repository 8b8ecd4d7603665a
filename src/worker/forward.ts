/**
 * One request, from the Durable Object through its container. The request counts as open until its
 * body has ended, or the client has left, also before the headers: then the instance may sleep.
 */
import { TurnError } from '../turn/errors.ts';
import { checkedStream } from './checked-stream.ts';
import type { ContainerLife } from './container.ts';
import { DownError, downTurnError, type DownReason } from './container-errors.ts';
import { earlyStream } from './early-stream.ts';
import { INTERNAL, innerHeaders } from './internal.ts';
import type { Ticket } from './open-requests.ts';
import type { Voice } from './voice.ts';

export interface Forwarding {
  readonly life: ContainerLife;
  readonly voice: Voice;
  readonly ticket: Ticket;
  /** The client asked for a stream. */
  readonly stream: boolean;
  readonly timing: ForwardTiming;
  readonly sleep: (ms: number) => Promise<void>;
  /** What a caller is told of a container that is down. */
  readonly explain: (reason: DownReason) => DownReason;
  /** Runs when the container can be asked, before it is asked. */
  readonly beforeTurn: () => Promise<void>;
  /** The headers have arrived, or the body has ended. */
  readonly onProgress: (what: 'headers' | 'end') => void;
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

export const forward = async (request: Request, forwarding: Forwarding): Promise<Response> => {
  const { life, voice, ticket, timing, sleep } = forwarding;
  const client = new AbortController();
  const leave = (): void => {
    client.abort();
    ticket.release();
  };
  // Needs the compatibility flags enable_request_signal and request_signal_passthrough.
  request.signal.addEventListener('abort', leave);
  if (request.signal.aborted) leave();
  try {
    const asked = await askedOf(request, voice.requestId, client.signal);
    const answer = answerTo(asked, forwarding).catch((error: unknown) => {
      ticket.release();
      throw toldOf(error, forwarding);
    });
    if (!forwarding.stream) return await answer;
    const early = await Promise.race([answer.then(() => false), started(life).then(() => false), sleep(timing.lifeSignAfterMs).then(() => true)]);
    return early ? voice.stream(earlyStream(answer, { voice, sleep, everyMs: timing.lifeSignEveryMs, leave })) : await answer;
  } catch (error) {
    ticket.release();
    return voice.error(error);
  }
};

/** A request that can be sent again: its body is held. */
interface Asked {
  readonly path: string;
  readonly init: RequestInit;
  readonly left: AbortSignal;
}

const askedOf = async (request: Request, requestId: string, left: AbortSignal): Promise<Asked> => {
  const { pathname, search } = new URL(request.url);
  const headers = innerHeaders(request.headers, requestId);
  headers.set(INTERNAL, 'eos');
  const body = request.body === null ? null : await request.arrayBuffer();
  return { path: pathname + search, left, init: { method: request.method, headers, body, signal: left, redirect: 'manual' } };
};

/** The answer, its end supervised. Throws `TurnError` or `DownError`. */
const answerTo = async (asked: Asked, forwarding: Forwarding): Promise<Response> => {
  for (let attempt = 1; ; attempt += 1) {
    await startedInTime(forwarding);
    if (asked.left.aborted) throw new TurnError('client_closed', 'The client closed the request.');
    await forwarding.beforeTurn();
    const response = await forwarding.life.fetch(asked.path, asked.init).catch((error: unknown) => {
      if (asked.left.aborted) throw new TurnError('client_closed', 'The client closed the request.', { cause: error });
      if (attempt >= TRIES) throw cutOff(error);
    });
    if (response !== undefined && !isDraining(response)) return supervised(response, forwarding);
    await response?.body?.cancel();
    if (response === undefined) forwarding.life.doubt();
    else forwarding.life.leaving();
  }
};

const started = (life: ContainerLife): Promise<void> => life.ready();

const startedInTime = async ({ life, stream, timing, sleep }: Forwarding): Promise<void> => {
  if (stream) return started(life);
  const late = sleep(timing.startWaitMs).then(() => 'late' as const);
  if ((await Promise.race([started(life), late])) === 'late') throw new DownError(life.waitingFor);
};

// A server that was told to end refuses what is new; the next one will take it.
const isDraining = (response: Response): boolean => response.status === 503 && response.headers.get(INTERNAL) === 'draining';

const supervised = async (response: Response, { voice, ticket, onProgress }: Forwarding): Promise<Response> => {
  const headers = new Headers(response.headers);
  const marked = headers.get(INTERNAL) === 'eos';
  headers.delete(INTERNAL);
  onProgress('headers');
  const released = (): void => {
    ticket.release();
    onProgress('end');
  };
  if (response.body === null || !headers.get('content-type')?.startsWith('text/event-stream')) {
    try {
      return new Response(await wholeBody(response), { status: response.status, headers });
    } catch (error) {
      throw cutOff(error);
    } finally {
      released();
    }
  }
  const body = checkedStream(response.body, {
    marked,
    touch: ticket.touch,
    broken: () => voice.errorFrame(cutOff(undefined)),
    released,
  });
  return new Response(body, { status: response.status, headers });
};

/** Throws when the body did not arrive whole: some versions of the platform call that an end. */
const wholeBody = async (response: Response): Promise<ArrayBuffer | null> => {
  if (response.body === null) return null;
  const body = await response.arrayBuffer();
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== body.byteLength) throw new Error('the answer was cut off');
  if (length === null && response.headers.get('content-type')?.startsWith('application/json')) JSON.parse(new TextDecoder().decode(body));
  return body;
};

const cutOff = (cause: unknown): TurnError =>
  new TurnError('engine_died', 'The container stopped before the answer was complete.', { cause });

const toldOf = (error: unknown, { explain }: Pick<Forwarding, 'explain'>): unknown =>
  error instanceof DownError ? downTurnError(explain(error.reason)) : error;
