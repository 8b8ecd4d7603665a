/** A client that is nothing but a socket: for what no HTTP library does. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawClient extends Disposable {
  readonly socket: Socket;
  /** Everything that has arrived. */
  readonly received: () => string;
  /** How the connection ended: `end` in order, or the code of its error. */
  readonly closed: Promise<string>;
}

export const rawClient = async (port: number, first = ''): Promise<RawClient> => {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let error: NodeJS.ErrnoException | undefined;
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  socket.on('error', (thrown) => void (error = thrown));
  socket.on('close', () => resolve(error === undefined ? 'end' : (error.code ?? error.message)));
  await once(socket, 'connect');
  if (first !== '') socket.write(first);
  return {
    socket,
    received: () => Buffer.concat(chunks).toString('latin1'),
    closed,
    [Symbol.dispose]: () => socket.destroy(),
  };
};

/** The head of a POST, up to the empty line. */
export const head = (lines: Readonly<Record<string, string | number>>, path = '/v1/chat/completions'): string =>
  [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    ...Object.entries(lines).map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n');
