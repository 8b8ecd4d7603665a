/** The body of a request on a socket: read chunk by chunk, and thrown away within bounds where nobody wants it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySource } from '../../http/request/body.ts';
import { TurnError } from '../../turn/errors.ts';

/** The slowest body that is waited for. */
export interface PaceLimits {
  /** The longest pause. */
  readonly silenceMs: number;
  /** After this time the body must have come faster than `bytesPerSecond`, taken over all of it. */
  readonly graceMs: number;
  readonly bytesPerSecond: number;
}

/** Reads a body as it comes. Throws `request_timeout` where it comes too slowly. */
export const incomingBody = (incoming: IncomingMessage, pace: PaceLimits): BodySource => ({
  each: (take) =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearInterval(watch);
        incoming.off('data', data).off('end', ended).off('error', failed).off('close', closed);
        settle();
      };
      const clocked = paceOf(pace);
      const data = (chunk: Uint8Array): void => {
        clocked.note(chunk.byteLength);
        try {
          take(chunk);
        } catch (error) {
          stopWith(error);
        }
      };
      const stopWith = (error: unknown): void => {
        incoming.pause();
        end(() => reject(error));
      };
      const ended = (): void => end(resolve);
      const failed = (error: Error): void => end(() => reject(error));
      const closed = (): void => end(() => reject(new Error('The connection closed within the body.')));
      const watch = setInterval(() => clocked.isTooSlow() && stopWith(tooSlow()), Math.min(1_000, pace.silenceMs));
      if (incoming.readableEnded) ended();
      else if (incoming.destroyed) closed();
      else incoming.on('data', data).on('end', ended).on('error', failed).on('close', closed);
    }),
});

const paceOf = ({ silenceMs, graceMs, bytesPerSecond }: PaceLimits) => {
  const begun = performance.now();
  let last = begun;
  let bytes = 0;
  return {
    note: (more: number): void => {
      last = performance.now();
      bytes += more;
    },
    isTooSlow: (): boolean => {
      const now = performance.now();
      const seconds = (now - begun) / 1000;
      return now - last > silenceMs || (now - begun > graceMs && bytes / seconds < bytesPerSecond);
    },
  };
};

const tooSlow = (): TurnError =>
  new TurnError('request_timeout', 'The body came too slowly; it must be sent without long pauses.');

/** How much of a body is thrown away after its answer, so that the client can read that answer. */
export interface LingerLimits {
  readonly bytes: number;
  readonly silenceMs: number;
  readonly totalMs: number;
}

/**
 * Clients that send their whole body before they read lose the answer when the socket is closed meanwhile: the
 * kernel then throws away what they have not read. So the rest of the body is read, up to a bound, before it closes.
 */
export const lingerAfterAnswer = (incoming: IncomingMessage, outgoing: ServerResponse, limits: LingerLimits): void => {
  // Before Node's own listener, which closes the socket of a client that asked for `Connection: close`.
  outgoing.prependOnceListener('finish', () => {
    if (!incoming.complete) throwAwayRest(incoming, limits);
    else if (!incoming.readableEnded) incoming.resume();
  });
};

const throwAwayRest = (incoming: IncomingMessage, limits: LingerLimits): void => {
  const { socket } = incoming;
  let left = limits.bytes;
  let mustClose = false;
  socket.destroySoon = () => {
    mustClose = true;
    socket.end();
  };
  const end = (): void => {
    clearTimeout(silence);
    clearTimeout(total);
    incoming.off('data', data).off('end', end).off('close', end);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (mustClose) socket.destroySoon();
  };
  const cut = (): void => {
    mustClose = true;
    end();
  };
  const data = (chunk: Uint8Array): void => {
    silence.refresh();
    left -= chunk.byteLength;
    if (left < 0) cut();
  };
  const silence = setTimeout(cut, limits.silenceMs);
  const total = setTimeout(cut, limits.totalMs);
  incoming.on('data', data).on('end', end).on('close', end).resume();
};
