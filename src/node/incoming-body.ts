/** The body of a request on a socket: read chunk by chunk, and thrown away within bounds where nobody wants it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySource } from '../http/body.ts';

export const incomingBody = (incoming: IncomingMessage): BodySource => ({
  each: (take) =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        incoming.off('data', data).off('end', ended).off('error', failed).off('close', closed);
        settle();
      };
      const data = (chunk: Uint8Array): void => {
        try {
          take(chunk);
        } catch (error) {
          incoming.pause();
          end(() => reject(error));
        }
      };
      const ended = (): void => end(resolve);
      const failed = (error: Error): void => end(() => reject(error));
      const closed = (): void => end(() => reject(new Error('The connection closed within the body.')));
      if (incoming.readableEnded) resolve();
      else if (incoming.destroyed) closed();
      else incoming.on('data', data).on('end', ended).on('error', failed).on('close', closed);
    }),
});

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
