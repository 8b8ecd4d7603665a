/**
 * The part of the Docker Engine API that workerd calls, on a Unix socket, with child processes on
 * loopback as containers. So `ctx.container` runs for real (start, monitor, signal, destroy,
 * getTcpPort) where there is no Docker: in the tests and in `npm run dev`.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http from 'node:http';
import { App, type EngineEvent, type Image } from './app.ts';
import { Sidecar } from './sidecar.ts';

export type { EngineEvent, Image } from './app.ts';

export interface EngineOptions {
  readonly socketPath: string;
  /** The program behind an image's name, asked at each start; undefined: there is no such image. */
  image(name: string): Image | undefined;
  readonly onEvent?: (event: EngineEvent) => void;
  /** What becomes of the programs' own output; it is shown by default. */
  readonly output?: 'inherit' | 'ignore';
}

export interface Engine {
  readonly socketPath: string;
  /** Containers whose process runs now. */
  running(): readonly App[];
  close(): Promise<void>;
}

type Box = App | Sidecar;
interface Answer {
  readonly status: number;
  readonly body?: object;
}

/** Calls workerd makes while it looks around; nothing here depends on what they say. */
const FIXED: Readonly<Record<string, object>> = {
  '/networks/bridge': { IPAM: { Config: [{ Subnet: '127.0.0.0/8', Gateway: '127.0.0.1' }] } },
  '/volumes': { Volumes: [] },
  '/containers/json': [],
  '/info': { SecurityOptions: [], OSType: 'linux' },
  '/version': { ApiVersion: '1.44', Version: 'process engine' },
};

export const startEngine = async (options: EngineOptions): Promise<Engine> => {
  const boxes = new Map<string, Box>();
  const server = http.createServer((request, response) => {
    answer({ request, boxes, options }).then(
      ({ status, body }) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(body === undefined ? undefined : JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ message: String(error) })),
    );
  });
  rmSync(options.socketPath, { force: true });
  server.listen(options.socketPath);
  await once(server, 'listening');
  return {
    socketPath: options.socketPath,
    running: () => [...boxes.values()].filter((box): box is App => box instanceof App && box.running),
    close: async () => {
      await Promise.all([...boxes.values()].map((box) => box.remove()));
      server.closeAllConnections();
      server.close();
      rmSync(options.socketPath, { force: true });
    },
  };
};

interface Call {
  readonly request: http.IncomingMessage;
  readonly boxes: Map<string, Box>;
  readonly options: EngineOptions;
}

const answer = async (call: Call): Promise<Answer> => {
  const { request, boxes } = call;
  const url = new URL((request.url ?? '/').replace(/^\/v\d+\.\d+/, ''), 'http://engine');
  const body = await text(request);
  const fixed = FIXED[url.pathname];
  if (fixed !== undefined) return { status: 200, body: fixed };
  const [, id, action = ''] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
  if (id === undefined) {
    call.options.onEvent?.({ kind: 'unknown_call', name: `${request.method} ${url.pathname}` });
    return { status: 404, body: { message: `not known here: ${url.pathname}` } };
  }
  if (id === 'create') return create(call, url.searchParams.get('name') ?? '', JSON.parse(body) as CreateBody);
  const name = decodeURIComponent(id);
  const box = boxes.get(name);
  if (box === undefined) return { status: 404, body: { message: `no container ${name}` } };
  if (request.method === 'DELETE') {
    await box.remove();
    boxes.delete(name);
    return { status: 204 };
  }
  return act(box, `${request.method} ${action}`, url.searchParams);
};

interface CreateBody {
  readonly Image: string;
  readonly Env?: readonly string[];
}

// workerd puts a proxy of its own beside each container, named `<container>-proxy`.
const SIDECAR = '-proxy';

const create = ({ boxes, options }: Call, name: string, body: CreateBody): Answer => {
  if (boxes.has(name)) return { status: 409, body: { message: `${name} exists` } };
  if (name.endsWith(SIDECAR)) {
    const app = name.slice(0, -SIDECAR.length);
    boxes.set(name, new Sidecar(() => boxes.get(app) as App | undefined));
  } else {
    const image = options.image(body.Image);
    if (image === undefined) return { status: 404, body: { message: `No such image: ${body.Image}` } };
    boxes.set(
      name,
      new App({
        name,
        image,
        environment: body.Env ?? [],
        output: options.output ?? 'inherit',
        onEvent: options.onEvent ?? (() => {}),
      }),
    );
  }
  return { status: 201, body: { Id: name, Warnings: [] } };
};

const act = async (box: Box, what: string, query: URLSearchParams): Promise<Answer> => {
  switch (what) {
    case 'GET json':
      return { status: 200, body: box.inspect() };
    case 'POST start':
      if (box.running) return { status: 304 };
      await box.start();
      return { status: 204 };
    case 'POST kill':
    case 'POST stop':
      return { status: box.signal(query.get('signal') ?? 'SIGTERM') ? 204 : 409 };
    case 'POST wait':
      return {
        status: 200,
        body: { StatusCode: query.get('condition') === 'removed' ? await box.removed : await box.exited() },
      };
    default:
      return { status: 501, body: { message: `not known here: ${what}` } };
  }
};

const text = async (request: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
