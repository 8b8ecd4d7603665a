/** Peers as their makers publish them: installed from npm into a temporary folder, and how each is asked. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chatTarget, type Target } from './client.ts';
import { startProgram, type Hosted } from './host.ts';

export interface Peer {
  /** Name and version on npm: what is measured must not change by itself. */
  readonly package: string;
  readonly about: string;
  /** Versions of what it depends on, where those that npm takes today break it. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Below the folder it is installed in; `port` is where it must listen. */
  command(dir: string, port: number): readonly string[];
  target(url: string, upstream: string): Target;
}

export const peers: readonly Peer[] = [
  {
    package: '@portkey-ai/gateway@1.15.2',
    about: 'API gateway, no Claude Code',
    // The lowest versions it asks for: with today's it answers every request with a 500 ("TypeError: immutable").
    overrides: { hono: '4.9.7', '@hono/node-server': '1.3.3' },
    command: (dir, port) => [
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
  },
  {
    package: 'claude-max-api-proxy@1.0.0',
    about: 'a Claude Code process for each request, no tools',
    command: (dir, port) => [
      process.execPath,
      join(dir, 'node_modules/claude-max-api-proxy/dist/server/standalone.js'),
      String(port),
    ],
    target: (url) => chatTarget('claude-max-api-proxy', url, { model: 'claude-sonnet-4' }),
  },
];

/** Throws, in words for the reader, where npm cannot install it. */
export const install = async (peer: Peer, dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, overrides: peer.overrides ?? {} }));
  try {
    // Scripts of strangers are not run; none of these needs one.
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', peer.package], {
      cwd: dir,
      timeout: 180_000,
    });
  } catch (error) {
    throw new Error(
      `npm could not install it (${
        String((error as { stderr?: string }).stderr ?? error)
          .split('\n')
          .find((line) => /error/i.test(line)) ?? 'no reason given'
      })`,
      { cause: error },
    );
  }
};

/** The peer against `upstream`, with the very Claude Code that this server uses first on its PATH. */
export const startPeer = async (peer: Peer, dir: string, upstream: Hosted): Promise<Hosted> => {
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
    BENCH_COMMAND: JSON.stringify(peer.command(dir, port)),
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
