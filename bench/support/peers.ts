/** Peers as their makers publish them: installed from npm or PyPI into a temporary folder, and how each is asked. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ask, chatTarget, messagesTarget, MODEL, type Target } from './client.ts';
import { startProgram, temporaryFolder, type Hosted } from './host.ts';
import { Talk } from './talk.ts';

export interface Peer {
  /** Name and version at its registry: what is measured must not change by itself. */
  readonly package: string;
  readonly registry: 'npm' | 'PyPI' | 'none';
  /** Where no registry has it: the variable with the path of what was built from its source. */
  readonly built?: string;
  /** Whether a client's tools can be called through it. */
  readonly tools: boolean;
  /** Versions of what it depends on, where those that npm takes today break it. */
  readonly overrides?: Readonly<Record<string, string>>;
  env?(upstream: string): Readonly<Record<string, string>>;
  /** Its command line, below the folder it is installed in; writes the files that it needs. */
  command(dir: string, place: { readonly port: number; readonly upstream: string }): readonly string[];
  target(url: string, upstream: string): Target;
}

/** Starts Claude Code for each request; has no tools. */
export const claudeMax: Peer = {
  package: 'claude-max-api-proxy@1.0.0',
  registry: 'npm',
  tools: false,
  command: (dir, { port }) => [
    process.execPath,
    join(dir, 'node_modules/claude-max-api-proxy/dist/server/standalone.js'),
    String(port),
  ],
  target: (url) => chatTarget('claude-max-api-proxy', url, { model: 'claude-sonnet-4' }),
};

/** Drives the Agent SDK for each request. Its own default prompt of 15,000 tokens is part of what it sends. */
export const meridian: Peer = {
  package: 'meridian@1.40.0',
  registry: 'none',
  built: 'BENCH_MERIDIAN',
  tools: false,
  env: (upstream) => ({
    MERIDIAN_PROFILES: JSON.stringify([{ id: 'bench', type: 'api', apiKey: 'bench', baseUrl: upstream }]),
    MERIDIAN_DEFAULT_PROFILE: 'bench',
    MERIDIAN_HOST: '127.0.0.1',
  }),
  command: (_dir, { port }) => ['env', `MERIDIAN_PORT=${port}`, process.execPath, builtAt('BENCH_MERIDIAN')],
  target: (url) => messagesTarget('meridian', url),
};

/** A gateway in Go; here with an API key, as the others. */
export const cliProxyApi: Peer = {
  package: 'CLIProxyAPI@a7e3596',
  registry: 'none',
  built: 'BENCH_CLIPROXYAPI',
  tools: true,
  command: (dir, { port, upstream }) => {
    const config = join(dir, 'config.yaml');
    const models = [{ name: MODEL, alias: MODEL }];
    const settings = {
      host: '127.0.0.1',
      port,
      'auth-dir': join(dir, 'auth'),
      'api-keys': ['bench'],
      'remote-management': { 'disable-control-panel': true },
      'claude-api-key': [{ 'api-key': 'bench', 'base-url': upstream, models }],
    };
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(settings));
    return [builtAt('BENCH_CLIPROXYAPI'), '-config', config];
  },
  target: (url) => chatTarget('CLIProxyAPI', url),
};

const builtAt = (variable: string): string => process.env[variable] ?? '';

export const portkey: Peer = {
  package: '@portkey-ai/gateway@1.15.2',
  registry: 'npm',
  tools: true,
  // The lowest versions it asks for: with today's it answers every request with a 500 ("TypeError: immutable").
  overrides: { hono: '4.9.7', '@hono/node-server': '1.3.3' },
  command: (dir, { port }) => [
    process.execPath,
    join(dir, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
    '--headless',
    `--port=${port}`,
  ],
  target: (url, upstream) =>
    chatTarget('@portkey-ai/gateway', url, {
      headers: {
        'x-portkey-provider': 'anthropic',
        'x-portkey-custom-host': `${upstream}/v1`,
        authorization: 'Bearer bench',
      },
    }),
};

export const liteLlm: Peer = {
  package: 'litellm[proxy]==1.108.7',
  registry: 'PyPI',
  tools: true,
  env: () => ({ LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true' }),
  command: (dir, { port, upstream }) => {
    const model = { model: `anthropic/${MODEL}`, api_base: upstream, api_key: 'bench' };
    const config = join(dir, 'config.json');
    // JSON is YAML.
    writeFileSync(config, JSON.stringify({ model_list: [{ model_name: MODEL, litellm_params: model }] }));
    const litellm = join(dir, 'venv/bin/litellm');
    return [litellm, '--config', config, '--host', '127.0.0.1', '--port', String(port), '--telemetry', 'False'];
  },
  target: (url) => chatTarget('litellm', url),
};

export interface Contender {
  readonly name: string;
  readonly target: Target;
  readonly place: Hosted;
  /** Absent for this server and the upstream. */
  readonly peer?: Peer;
}

/** Those of `peers` that can be installed and that answer; of the others, why not. */
export const startPeers = async (
  peers: readonly Peer[],
  upstream: Hosted,
  { stack, say }: { readonly stack: AsyncDisposableStack; readonly say: (text: string) => void },
): Promise<{ readonly contenders: readonly Contender[]; readonly skipped: readonly string[] }> => {
  const contenders: Contender[] = [];
  const skipped: string[] = [];
  for (const peer of peers) {
    say(`installing ${peer.package}`);
    const dir = join(stack.use(temporaryFolder()).path, 'peer');
    try {
      await install(peer, dir);
      const place = stack.use(await startPeer(peer, dir, upstream));
      const target = peer.target(place.url, upstream.url);
      await ask(target, new Talk(() => Promise.reject(new Error('only asked once'))).next('Hello'));
      contenders.push({ name: peer.package, target, place, peer });
    } catch (error) {
      skipped.push(`${peer.package} was left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { contenders, skipped };
};

/** Throws, in words for the reader, where it cannot be installed. */
const install = async (peer: Peer, dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true });
  if (peer.built !== undefined) {
    if (existsSync(builtAt(peer.built))) return;
    throw new Error(`it is in no registry: build it from its source, and name the program in ${peer.built}`);
  }
  const run = (command: string, args: readonly string[]) =>
    promisify(execFile)(command, args, { cwd: dir, timeout: 300_000 });
  try {
    if (peer.registry === 'PyPI') {
      await run('python3', ['-m', 'venv', 'venv']);
      await run('venv/bin/pip', ['install', '--quiet', '--disable-pip-version-check', peer.package]);
      return;
    }
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, overrides: peer.overrides ?? {} }));
    // Scripts of strangers are not run; none of these needs one.
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', peer.package]);
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error).split('\n');
    const reason = lines.find((line) => /error/i.test(line)) ?? 'no reason given';
    throw new Error(`it could not be installed from ${peer.registry} (${reason})`, { cause: error });
  }
};

/** The peer against `upstream`, with the very Claude Code that this server uses first on its PATH. */
const startPeer = async (peer: Peer, dir: string, upstream: Hosted): Promise<Hosted> => {
  const port = await freePort();
  const home = join(dir, 'home');
  const bin = join(dir, 'bin');
  for (const path of [home, bin]) mkdirSync(path, { recursive: true });
  symlinkSync(claudeCode(), join(bin, 'claude'));
  return startProgram('peer', {
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: home,
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'bench',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    // Loopback as a custom host is refused by some gateways unless it is named.
    TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost',
    ...peer.env?.(upstream.url),
    BENCH_COMMAND: JSON.stringify(peer.command(dir, { port, upstream: upstream.url })),
    BENCH_URL: `http://127.0.0.1:${port}`,
  });
};

const claudeCode = (): string =>
  fileURLToPath(
    new URL(
      `../../node_modules/@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/claude`,
      import.meta.url,
    ),
  );

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
