/**
 * One turn on the engine, under a lease, a deadline and the client's patience. The lease goes back
 * when the engine has let go of the turn, however the turn ended and whether or not anyone still reads.
 */
import type { Lease } from '../access/leases.ts';
import { TurnError } from '../turn/errors.ts';
import type { TurnEvent } from '../turn/events.ts';
import type { Turn } from '../turn/turn.ts';
import type { Services } from './services.ts';

/** An engine that ignores its abort signal loses its lease after this, with an error in the log. */
const abandonAfterMs = 30_000;

type Needs = Pick<Services, 'engine' | 'leases' | 'clock' | 'log' | 'stopping'> & {
  readonly settings: Pick<Services['settings'], 'turnTimeoutMs' | 'stallAlarmMs'>;
};

/** Waits for a lease, then yields the engine's events. Throws `turn_timeout`, `client_closed` and what queue and engine throw. */
export async function* runTurn(
  turn: Turn,
  client: AbortSignal,
  services: Needs,
): AsyncGenerator<TurnEvent, void, undefined> {
  const { engine, leases, clock, settings, stopping } = services;
  const lease = await leases.acquire(turn.owner, client);
  const stop = new AbortController();
  const clientLeft = (): void => stop.abort(new TurnError('client_closed', 'The client closed the request.'));
  const cancelDeadline = clock.after(settings.turnTimeoutMs, () => stop.abort(deadlinePassed(settings.turnTimeoutMs)));
  const events = engine.run(turn, stop.signal)[Symbol.asyncIterator]();
  // Bound to the signal, not to this generator: a client that stops reading never resumes it.
  stop.signal.addEventListener('abort', () => void letGo(events, lease, { turn, services }));
  client.addEventListener('abort', clientLeft);
  if (client.aborted) clientLeft();
  const serverStops = (): void => stop.abort(stopping?.reason);
  stopping?.addEventListener('abort', serverStops);
  try {
    if (lease.waitedMs > 0) yield { type: 'notice', notice: { kind: 'queue', waitedMs: lease.waitedMs } };
    for (;;) {
      const next = await alarmed(nextUnlessStopped(events, stop.signal), turn, services);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    cancelDeadline();
    client.removeEventListener('abort', clientLeft);
    stopping?.removeEventListener('abort', serverStops);
    clientLeft();
  }
}

const deadlinePassed = (ms: number): TurnError =>
  new TurnError(
    'turn_timeout',
    `The answer was not complete after ${ms / 1000} s, the limit of this server (TURN_TIMEOUT_MS).`,
  );

const letGo = async (
  events: AsyncIterator<TurnEvent>,
  lease: Lease,
  { turn, services: { clock, log } }: { turn: Turn; services: Needs },
): Promise<void> => {
  const cancel = clock.after(abandonAfterMs, () => {
    log.error({ id: turn.id, ms: abandonAfterMs }, 'the engine did not end an aborted turn; its place is given away');
    lease.release();
  });
  try {
    await events.return?.();
  } catch (error) {
    log.debug({ id: turn.id, err: error }, 'the engine ended an aborted turn with an error');
  } finally {
    cancel();
    lease.release();
  }
};

const nextUnlessStopped = async (
  events: AsyncIterator<TurnEvent>,
  stop: AbortSignal,
): Promise<IteratorResult<TurnEvent>> => {
  stop.throwIfAborted();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const whenStopped = (): void => reject(stop.reason);
  stop.addEventListener('abort', whenStopped);
  try {
    return await Promise.race([events.next(), stopped]);
  } finally {
    stop.removeEventListener('abort', whenStopped);
  }
};

const alarmed = async <Value>(waiting: Promise<Value>, turn: Turn, { clock, log, settings }: Needs): Promise<Value> => {
  const ms = settings.stallAlarmMs;
  const cancel = clock.after(ms, () => log.warn({ id: turn.id, ms }, 'no event from the engine for a long time'));
  try {
    return await waiting;
  } finally {
    cancel();
  }
};
