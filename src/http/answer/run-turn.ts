/**
 * Runs one turn on the engine with a lease and a deadline. The lease is released when the engine has let go of the
 * turn, however the turn ended and whether or not the client still reads.
 */
import type { Lease } from '../../access/leases.ts';
import { TurnError } from '../../turn/errors.ts';
import type { TurnEvent } from '../../turn/events.ts';
import { throughPauses } from '../../turn/through-pauses.ts';
import type { Turn } from '../../turn/turn.ts';
import { nextUnlessAborted } from '../../util/iterators.ts';
import { unlessAborted } from '../../util/timer.ts';
import { watchdog } from '../../util/watchdog.ts';
import type { Services } from '../services.ts';
import type { RunningTurns } from './running-turns.ts';

/** An engine that ignores its abort signal loses the lease after this, and an error is logged. */
const abandonAfterMs = 30_000;

type Needs = Pick<Services, 'engine' | 'leases' | 'clock' | 'log' | 'stopping'> & {
  readonly settings: Pick<Services['settings'], 'turnTimeoutMs' | 'stallAlarmMs'>;
  /** Where the turn is shown while it waits and runs. */
  readonly turns?: Pick<RunningTurns, 'started'>;
};

/**
 * Waits for a lease, then yields the engine's events. Throws `turn_timeout`, `client_closed` and what queue and engine
 * throw.
 */
export async function* runTurn(
  turn: Turn,
  client: AbortSignal,
  services: Needs,
): AsyncGenerator<TurnEvent, void, undefined> {
  const { engine, clock, log, settings } = services;
  const lease = await services.leases.acquire(turn.owner, client);
  services.turns?.started(turn.id, clock.now());
  using end = turnEnd(client, services);
  let events: AsyncIterator<TurnEvent> | undefined;
  const ms = settings.stallAlarmMs;
  using alarm = watchdog(clock, ms, () => log.warn({ id: turn.id, ms }, 'no event from the engine for a long time'));
  const release = onlyOnce(() => {
    alarm[Symbol.dispose]();
    void releaseWhen(events?.return?.(), lease, { turn, services });
  });
  // The release is bound to the signal, not to this generator: a client that stops reading never resumes it.
  end.signal.addEventListener('abort', release);
  try {
    end.signal.throwIfAborted();
    const run = (request: Turn['request']) => engine.run({ ...turn, request }, end.signal);
    const answer = turn.throughPauses === true ? throughPauses(turn.request, run) : run(turn.request);
    events = answer[Symbol.asyncIterator]();
    const nextEvent = nextUnlessAborted(events, end.signal);
    if (lease.waitedMs > 0) yield { type: 'notice', notice: { kind: 'queue', waitedMs: lease.waitedMs } };
    for (;;) {
      const next = await nextEvent();
      alarm.alive();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    end.because(new TurnError('client_closed', 'The turn is over.'));
    release();
  }
}

/** Counts the input tokens of a turn, with a lease and a deadline like a turn. */
export const countTurn = async (turn: Turn, client: AbortSignal, services: Needs): Promise<number> => {
  const lease = await services.leases.acquire(turn.owner, client);
  using end = turnEnd(client, services);
  let counting: Promise<number> | undefined;
  try {
    end.signal.throwIfAborted();
    counting = services.engine.countTokens(turn, end.signal);
    return await unlessAborted(counting, end.signal);
  } finally {
    void releaseWhen(counting, lease, { turn, services });
  }
};

interface TurnEnd extends Disposable {
  /** Aborted when the turn must end: the client has left, the deadline has passed, or the server stops. */
  readonly signal: AbortSignal;
  because(reason: TurnError): void;
}

const turnEnd = (client: AbortSignal, { clock, stopping, settings: { turnTimeoutMs } }: Needs): TurnEnd => {
  const controller = new AbortController();
  const clientLeft = (): void => controller.abort(whyLeft(client));
  const serverStops = (): void => controller.abort(stopping?.reason);
  const cancelDeadline = clock.after(turnTimeoutMs, () => controller.abort(deadlinePassed(turnTimeoutMs)));
  client.addEventListener('abort', clientLeft);
  stopping?.addEventListener('abort', serverStops);
  if (client.aborted) clientLeft();
  if (stopping?.aborted === true) serverStops();
  return {
    signal: controller.signal,
    because: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      cancelDeadline();
      client.removeEventListener('abort', clientLeft);
      stopping?.removeEventListener('abort', serverStops);
    },
  };
};

/** An admin who ends a turn gives a reason; a client that leaves gives none. */
const whyLeft = ({ reason }: AbortSignal): TurnError =>
  reason instanceof TurnError ? reason : new TurnError('client_closed', 'The client closed the request.');

const deadlinePassed = (ms: number): TurnError =>
  new TurnError(
    'turn_timeout',
    `The answer was not complete after ${ms / 1000} s, the limit of this server (TURN_TIMEOUT_MS).`,
  );

/** Gives the lease back once the engine has let go. */
const releaseWhen = async (
  letGo: Promise<unknown> | undefined,
  lease: Lease,
  { turn, services: { clock, log } }: { turn: Turn; services: Needs },
): Promise<void> => {
  const cancel = clock.after(abandonAfterMs, () => {
    log.error({ id: turn.id, ms: abandonAfterMs }, 'the engine did not end an aborted turn; its place is given away');
    lease.release();
  });
  try {
    await letGo;
  } catch (error) {
    log.debug({ id: turn.id, err: error }, 'the engine ended an aborted turn with an error');
  } finally {
    cancel();
    lease.release();
  }
};

const onlyOnce = (work: () => void): (() => void) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
};
