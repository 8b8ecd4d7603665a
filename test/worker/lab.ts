/** The deployed bundle in real workerd, over the process engine: Worker, Durable Objects and container as in production. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import { startEngine, type Engine, type EngineEvent, type Image } from '../../scripts/container-engine/engine.ts';
import { compileCache } from '../compile-cache.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const KEY = 'test-key';

/** A container engine of its own, in the place of the process engine. */
export interface OtherEngine {
  readonly socketPath: string;
  readonly imageName: string;
  /** The image of workerd's proxy. */
  readonly sidecar: string;
}

export interface LabOptions {
  readonly other?: OtherEngine;
  /** Beside the variables of wrangler.jsonc and the key. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Asked at each start; undefined: the start is refused. */
  readonly image: Image | (() => Image | undefined);
  /** What is deployed in the place of the Worker's own entry. */
  readonly entry?: string;
}

export interface Lab {
  readonly url: string;
  readonly engine: Engine;
  readonly events: readonly EngineEvent[];
  /** What Worker and Durable Objects have logged. */
  readonly logs: readonly string[];
  /** What the Durable Objects have stored. */
  readonly stateDir: string;
  /** Containers started so far. */
  readonly starts: () => number;
  /** With the key; a body is sent as JSON. */
  readonly call: (path: string, init?: CallInit) => Promise<Response>;
  /** The Worker deployed again, with other variables; containers and storage stay. */
  readonly redeploy: (vars: Readonly<Record<string, string>>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface CallInit {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly signal?: AbortSignal;
}

export const startLab = async ({
  vars = {},
  image,
  other,
  entry = 'src/worker/worker.ts',
}: LabOptions): Promise<Lab> => {
  const dir = await mkdtemp(join(tmpdir(), 'proxy-lab-'));
  const code = await bundleOf(entry);
  const events: EngineEvent[] = [];
  const logs: string[] = [];
  const engine = await startEngine({
    socketPath: join(dir, 'engine.sock'),
    image: () => (typeof image === 'function' ? image() : image),
    onEvent: (event) => events.push(event),
    output: process.env['LAB_OUTPUT'] === undefined ? 'ignore' : 'inherit',
  });
  const config = unstable_readConfig({ config: join(root, 'wrangler.jsonc') }, { hideWarnings: true });
  const optionsWith = (more: Readonly<Record<string, string>>) => ({
    ...convertV4MiniflareOptions({
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => logs.push(message),
      host: '127.0.0.1',
      port: 0,
      cf: false,
      // Straight into the Worker, as in production: not through miniflare's own entry.
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      modules: [{ type: 'ESModule', path: 'worker.js', contents: code }],
      compatibilityDate: config.compatibility_date ?? '',
      compatibilityFlags: config.compatibility_flags,
      bindings: { ...(config.vars as Record<string, string>), PROXY_API_KEY: KEY, ...more },
      containerEngine: {
        localDocker: {
          socketPath: `unix:${other?.socketPath ?? engine.socketPath}`,
          containerEgressInterceptorImage: other?.sidecar ?? 'sidecar',
        },
      },
      durableObjects: {
        INSTANCE: {
          className: 'ProxyInstance',
          useSQLite: true,
          container: { imageName: other?.imageName ?? 'proxy:lab' },
        },
        LOGIN: { className: 'LoginKeeper', useSQLite: true },
        STORE: { className: 'StoreKeeper', useSQLite: true },
      },
    }),
    resourcePersistencePath: join(dir, 'state'),
  });
  const miniflare = new Miniflare(optionsWith(vars));
  let url = await directUrl(miniflare);
  return {
    get url() {
      return url;
    },
    engine,
    events,
    logs,
    stateDir: join(dir, 'state'),
    starts: () => events.filter(({ kind }) => kind === 'start').length,
    call: (path, init) => fetch(new URL(path, url), requestInit(init)),
    redeploy: async (next) => {
      await miniflare.setOptions(optionsWith(next));
      url = await directUrl(miniflare);
    },
    close: async () => {
      await miniflare.dispose();
      await engine.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

const directUrl = async (miniflare: Miniflare): Promise<string> => {
  await miniflare.ready;
  return (await miniflare.unsafeGetDirectURL()).href;
};

const requestInit = ({ body, headers = {}, method, signal }: CallInit = {}): RequestInit => ({
  method: method ?? (body === undefined ? 'GET' : 'POST'),
  headers: {
    authorization: `Bearer ${KEY}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  },
  ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  ...(signal !== undefined && { signal }),
});

const bundles = new Map<string, Promise<string>>();

/** What `wrangler deploy` would upload; made once for a test file. */
const bundleOf = (entry: string): Promise<string> => {
  const made = bundles.get(entry) ?? bundled(entry);
  bundles.set(entry, made);
  return made;
};

const bundled = async (entry: string): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'proxy-bundle-'));
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', XDG_CONFIG_HOME: dir };
  const wrangler = join(root, 'node_modules/.bin/wrangler');
  await promisify(execFile)(
    wrangler,
    ['deploy', entry, '--dry-run', '--containers-rollout=none', '--outdir', join(dir, 'out')],
    { cwd: root, env },
  );
  const code = await readFile(join(dir, 'out', basename(entry).replace(/ts$/, 'js')), 'utf8');
  await rm(dir, { recursive: true });
  return code;
};

/** The real server, as the image starts it. */
export const serverImage = (env: Readonly<Record<string, string>> = {}): Image => ({
  command: join(root, 'node_modules/.bin/node'),
  args: [join(root, 'src/cli/main.mjs')],
  cwd: tmpdir(),
  env: { HOST: '127.0.0.1', ...compileCache, ...env },
});

/** A little program that does one thing, mostly wrong. */
export const programImage = (name: string, env: Readonly<Record<string, string>> = {}): Image => ({
  command: join(root, 'node_modules/.bin/node'),
  args: [join(root, 'test/worker/programs', name)],
  env: { ...compileCache, ...env },
});

/** Waits for something that must become true; the limit is generous and only there to end a broken run. */
export const eventually = async <Value>(
  what: () => Value | Promise<Value>,
  limitMs = 20_000,
): Promise<NonNullable<Value>> => {
  for (const since = Date.now(); ;) {
    const value = await what();
    if (value) return value;
    if (Date.now() - since > limitMs) throw new Error(`not true after ${limitMs} ms: ${what.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
