/**
 * One request, from the Durable Object through its container. The request counts as open until its
 * body has ended, or the client has left, also before the headers: then the instance may sleep.
 */
import { TurnError, toTurnError } from '../../turn/errors.ts';
import type { Clock } from '../../util/clock.ts';
import { timedOut, within } from '../../util/timer.ts';
import type { ContainerLife } from './container.ts';
import { askContainer, requestForContainer, type ContainerRequest } from './ask-container.ts';
import { DownError, downTurnError, type DownReason } from './container-errors.ts';
import type { DialectResponder } from '../dialect-responder.ts';
import { earlyStream } from './early-stream.ts';
import { supervised } from './supervised-answer.ts';
import type { Trip } from './trip.ts';

export interface Forwarding {
  readonly trip: Trip;
  readonly life: Pick<ContainerLife, 'ready' | 'fetch' | 'state' | 'waitingFor' | 'doubt' | 'leaving'>;
  readonly responder: DialectResponder;
  /** The client asked for a stream. */
  readonly stream: boolean;
  readonly timing: ForwardTiming;
  readonly clock: Pick<Clock, 'after'>;
  readonly hooks: ForwardHooks;
}

export interface ForwardTiming {
  /** How long an answer that is not streamed waits for a container. */
  readonly startWaitMs: number;
  /** When a stream gets its first keepalive while the container starts, and how often after that. */
  readonly lifeSignAfterMs: number;
  readonly lifeSignEveryMs: number;
}

export interface ForwardHooks {
  /** Once, before the container is waited for. */
  readonly begin: () => Promise<void>;
  /** When the container can be asked, before each time it is asked. */
  readonly beforeAsked: () => Promise<void>;
  /** Adds the key of the container that runs now. */
  readonly authorize: (headers: Headers) => void;
  /** The reason that callers read, for a container that is down. */
  readonly explain: (reason: DownReason) => DownReason;
  /**
   * The container is ending and refused the request: an answer that sends it to another instance, when there is one.
   */
  readonly sendAway: () => Response | undefined;
  /** Called with failures that callers do not see in full. */
  readonly onFailure: (error: TurnError) => void;
}

/** The server sends the headers of a stream earlier; later the connection may be a dead one. */
const HEADERS_BY_MS = 20_000;

export const forward = async (request: Request, forwarding: Forwarding): Promise<Response> => {
  const { trip, responder, stream } = forwarding;
  // Needs the compatibility flags enable_request_signal and request_signal_passthrough.
  request.signal.addEventListener('abort', trip.leave);
  if (request.signal.aborted) trip.leave();
  const answer = answerOrEnd(request, forwarding);
  try {
    return await (stream ? withLifeSigns(answer, forwarding) : answer);
  } catch (error) {
    return responder.error(error);
  }
};

/** The answer. Throws a `TurnError`; the request has ended then. */
const answerOrEnd = async (request: Request, forwarding: Forwarding): Promise<Response> => {
  const { trip, hooks } = forwarding;
  try {
    await hooks.begin();
    return await answerTo(request, forwarding);
  } catch (thrown) {
    const error = thrown instanceof DownError ? downTurnError(hooks.explain(thrown.reason)) : toTurnError(thrown);
    trip.end();
    if (error.code !== 'client_closed') hooks.onFailure(error);
    throw error;
  }
};

/** The answer itself when it comes soon, or while the container works on it; else a stream with keepalives. */
const withLifeSigns = async (
  answer: Promise<Response>,
  { trip, life, responder, timing, clock }: Forwarding,
): Promise<Response> => {
  for (let waitedMs = 0; ;) {
    const first = await within(answer, timing.lifeSignAfterMs, clock);
    if (first !== timedOut || trip.ended) return answer;
    waitedMs += timing.lifeSignAfterMs;
    if (trip.stage === 'asked' && life.state === 'ready' && waitedMs < HEADERS_BY_MS) continue;
    trip.show();
    const body = earlyStream(answer, { responder, clock, everyMs: timing.lifeSignEveryMs, leave: trip.leave });
    return responder.stream(body);
  }
};

const answerTo = async (request: Request, forwarding: Forwarding): Promise<Response> => {
  const { trip, responder } = forwarding;
  const asked = await requestForContainer(request, { requestId: responder.requestId, signal: trip.signal });
  for (;;) {
    const outcome = await tryOnce(asked, forwarding);
    if (outcome !== 'again') return outcome;
  }
};

const tryOnce = async (asked: ContainerRequest, forwarding: Forwarding): Promise<Response | 'again'> => {
  const { life, trip, hooks, responder } = forwarding;
  await startedInTime(forwarding);
  refuseIfLeft(trip);
  await hooks.beforeAsked();
  refuseIfLeft(trip);
  hooks.authorize(asked.headers);
  const outcome = await askContainer(asked, { trip, fetch: life.fetch });
  switch (outcome.kind) {
    case 'answer':
      return supervised(outcome.response, { trip, responder });
    case 'lost':
      life.doubt();
      return 'again';
    case 'draining': {
      life.leaving();
      const away = trip.stage === 'shown' ? undefined : hooks.sendAway();
      if (away === undefined) return 'again';
      trip.end();
      return away;
    }
    default:
      return outcome satisfies never;
  }
};

const startedInTime = async ({ life, stream, timing, clock }: Forwarding): Promise<void> => {
  if (stream) return life.ready();
  if ((await within(life.ready(), timing.startWaitMs, clock)) === timedOut) throw new DownError(life.waitingFor);
};

const refuseIfLeft = ({ stage }: Trip): void => {
  if (stage === 'left') throw new TurnError('client_closed', 'The client closed the request.');
};
