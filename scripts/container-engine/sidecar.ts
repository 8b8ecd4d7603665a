/** The proxy that workerd puts beside a container: HTTP CONNECT from outside to a port inside. Ingress only. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { App } from './app.ts';

const INGRESS_PORT = '39001/tcp';

export class Sidecar {
  readonly removed: Promise<number>;
  readonly #app: () => App | undefined;
  readonly #server: http.Server;
  readonly #sockets = new Set<Duplex>();
  #remove: (code: number) => void = () => {};

  constructor(app: () => App | undefined) {
    this.#app = app;
    this.removed = new Promise((resolve) => (this.#remove = resolve));
    this.#server = http.createServer((request, response) => {
      request.resume();
      response.end(request.url === '/ca' ? 'no certificate' : '{}');
    });
    this.#server.on('connect', (request, socket, head) => this.#connect(request, { socket, head }));
  }

  get running(): boolean {
    return this.#server.listening;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  signal(): boolean {
    return this.running;
  }

  exited(): Promise<number> {
    return this.removed;
  }

  async remove(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    this.#remove(0);
  }

  inspect(): object {
    const address = this.#server.address() as net.AddressInfo | null;
    const ports = address === null ? {} : { [INGRESS_PORT]: [{ HostIp: '127.0.0.1', HostPort: String(address.port) }] };
    return {
      State: { Status: this.running ? 'running' : 'exited', Running: this.running },
      NetworkSettings: { Ports: ports },
    };
  }

  #connect(request: http.IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): void {
    const wanted = Number(
      String(request.headers['x-dst-addr'] ?? request.url)
        .split(':')
        .pop(),
    );
    const port = this.#app()?.hostPort(wanted);
    const refuse = (): void => void socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    if (port === undefined) return refuse();
    const inside = net.connect({ port, host: '127.0.0.1', noDelay: true });
    inside.once('error', refuse);
    inside.once('connect', () => {
      inside
        .off('error', refuse)
        .on('error', () => socket.destroy())
        .on('close', () => socket.destroy());
      socket.on('close', () => inside.destroy());
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      inside.write(head);
      inside.pipe(socket).pipe(inside);
    });
  }
}
