/** The end of a listening server: answers finish, their last bytes leave, and only then connections are closed. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { systemClock } from '../../util/clock.ts';
import { within } from '../../util/timer.ts';

/** For the last bytes of finished answers, and for the error that ends an unfinished one. */
const LAST_BYTES_MS = 1_000;

export interface Drained {
  /** Resolves when no answer is running any more; those that take too long have been ended with an error. */
  readonly drain: () => Promise<void>;
  /** Ends the engine. */
  readonly close: () => Promise<void>;
  /** How long all of it may take answers that are read slowly. */
  readonly drainMs: number;
}

/** Watches which answers are open, from now on; the returned function ends the server. */
export const watchAnswers = (server: Server): ((parts: Drained) => Promise<void>) => {
  const open = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return async ({ drain, close, drainMs }) => {
    const deadline = systemClock.elapsed() + drainMs;
    await drain();
    await Promise.all([close(), allRead(open, Math.max(LAST_BYTES_MS, deadline - systemClock.elapsed()))]);
    await closeConnections(server);
  };
};

/** An answer whose turn is over is not yet one that has left: its client may read slowly. */
const allRead = async (open: ReadonlySet<ServerResponse>, ms: number): Promise<void> => {
  // Not those that begin now: they are refusals, of which a busy client could ask for ever more.
  const left = [...open].map((response) => once(response, 'close').catch(() => undefined));
  await within(Promise.all(left), ms, systemClock);
};

/** A connection without an answer has no reason to stay. */
const closeConnections = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  await within(closed, LAST_BYTES_MS, systemClock);
  server.closeAllConnections();
};
