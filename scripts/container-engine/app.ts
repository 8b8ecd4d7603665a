/** One container of the process engine: a child process that listens on a loopback port of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

export interface Image {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to what the Durable Object gives, as `ENV` lines of a Dockerfile would be. */
  readonly env?: Readonly<Record<string, string>>;
  /** The port that the program has in its container; 8080 by default. */
  readonly port?: number;
}

export type EngineEvent =
  | { readonly kind: 'start'; readonly name: string; readonly pid: number; readonly environment: readonly string[] }
  | { readonly kind: 'exit'; readonly name: string; readonly code: number }
  | { readonly kind: 'unknown_call'; readonly name: string };

export interface AppOptions {
  readonly name: string;
  readonly image: Image;
  /** `KEY=value`, as the Engine API has it. */
  readonly environment: readonly string[];
  readonly output: 'inherit' | 'ignore';
  readonly onEvent: (event: EngineEvent) => void;
}

const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { 2: 'SIGINT', 9: 'SIGKILL', 15: 'SIGTERM' };

export class App {
  readonly name: string;
  readonly removed: Promise<number>;
  readonly #options: AppOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<number> = Promise.resolve(0);
  #hostPort = 0;
  #status: 'created' | 'running' | 'exited' = 'created';
  #remove: (code: number) => void = () => {};

  constructor(options: AppOptions) {
    this.name = options.name;
    this.#options = options;
    this.removed = new Promise((resolve) => (this.#remove = resolve));
  }

  get running(): boolean {
    return this.#status === 'running';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where a connection to `port` of the container really goes; undefined when nothing can be there. */
  hostPort(port: number): number | undefined {
    return this.running && port === (this.#options.image.port ?? 8080) ? this.#hostPort : undefined;
  }

  async start(): Promise<void> {
    const { image, environment, name, output, onEvent } = this.#options;
    this.#hostPort = await freePort();
    const given = Object.fromEntries(
      environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const child = spawn(image.command, image.args, {
      ...(image.cwd === undefined ? {} : { cwd: image.cwd }),
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...image.env, ...given, PORT: String(this.#hostPort) },
      stdio: ['ignore', output, output],
    });
    this.#child = child;
    this.#status = 'running';
    this.#exit = new Promise((resolve) => {
      const ended = (code: number | null, signal: string | null): void => {
        const status = code ?? (signal === 'SIGKILL' ? 137 : 143);
        this.#status = 'exited';
        onEvent({ kind: 'exit', name, code: status });
        resolve(status);
      };
      child.once('exit', ended);
      child.once('error', () => ended(127, null));
    });
    onEvent({ kind: 'start', name, pid: child.pid ?? 0, environment });
  }

  signal(signal: string): boolean {
    return this.running && this.#child?.kill(SIGNALS[signal] ?? (signal as NodeJS.Signals)) === true;
  }

  exited(): Promise<number> {
    return this.#exit;
  }

  async remove(): Promise<void> {
    this.signal('SIGKILL');
    this.#remove(await this.#exit);
  }

  inspect(): object {
    return {
      Id: this.name,
      State: { Status: this.#status, Running: this.running },
      Config: { Image: '' },
      NetworkSettings: { Ports: {} },
    };
  }
}

/** A port that nobody listens on just now, for programs that cannot say which one they took. */
export const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
