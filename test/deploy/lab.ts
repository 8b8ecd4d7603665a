/** `npm run deploy` in a directory of its own, with stand-ins for other programs that record what they were asked, and a deployment to wait for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../compile-cache.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
export const root = join(here, '../..');

export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: string;
  /** The builder that wrangler was told to use. */
  readonly builder: string | null;
  /** The podman that the builder is to use. */
  readonly podman: string | null;
}
/** What a stand-in answers, by the beginning of its command line. Without an entry: code 0, no output. */
export type Script = Record<string, { code?: number; stdout?: string; stderr?: string }>;

export interface Outcome {
  readonly code: number;
  readonly output: string;
  /** Of it, standard output. */
  readonly out: string;
  readonly calls: readonly Call[];
}

export interface Given {
  readonly script?: Script;
  readonly env?: Record<string, string>;
  /** On a terminal: what is typed when the question has come. */
  readonly typed?: readonly { readonly at: string; readonly text: string }[];
  /** Programs that are not there. */
  readonly without?: readonly string[];
}

/** Stands for what was deployed. */
export interface Deployment {
  readonly address: string;
  /** The answers to `/health?wake=1`, one after the other; the last stays. */
  health: readonly { readonly status: number; readonly body: object }[];
  /** The answers to `count_tokens`, likewise. */
  counts: readonly { readonly status: number; readonly body: object }[];
  /** What Cloudflare's API answers. */
  api: { readonly status: number; readonly body: object };
  readonly asked: { readonly path: string | undefined; readonly key: string | undefined }[];
}

export interface DeployLab {
  readonly dir: string;
  readonly deployment: Deployment;
  /** Prepares the stand-ins, and returns the environment in which they are found. */
  prepare(given?: Given): Promise<Record<string, string>>;
  calls(): Promise<readonly Call[]>;
  /** Starts `npm run deploy`, as a user does. */
  run(args: readonly string[], given?: Given): Promise<Outcome>;
  close(): Promise<void>;
}

export const startDeployLab = async (): Promise<DeployLab> => {
  const dir = await mkdtemp(join(tmpdir(), 'deploy-'));
  const { server, deployment } = await startDeployment();
  const prepare: DeployLab['prepare'] = async (given = {}) => {
    await placePrograms(join(dir, 'bin'), given.without ?? []);
    await writeFile(join(dir, 'script.json'), JSON.stringify({ ...ready(deployment.address), ...given.script }));
    await writeFile(join(dir, 'record'), '');
    return {
      PATH: join(dir, 'bin'),
      HOME: dir,
      RECORD: join(dir, 'record'),
      ...compileCache,
      SCRIPT: join(dir, 'script.json'),
      WRANGLER: 'wrangler',
      UPGRADE_NOTICE: '0',
      CLOUDFLARE_API_BASE_URL: `${deployment.address}/api`,
      ...given.env,
    };
  };
  const calls: DeployLab['calls'] = async () =>
    (await readFile(join(dir, 'record'), 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  const run: DeployLab['run'] = async (args, given = {}) => {
    const command = [process.execPath, join(root, 'src/cli/main.mjs'), 'deploy', ...args];
    const { code, output, out } = await start(command, await prepare(given), given.typed);
    return { code, output, out, calls: await calls() };
  };
  const close: DeployLab['close'] = async () => {
    server.close();
    await rm(dir, { recursive: true });
  };
  return { dir, deployment, prepare, calls, run, close };
};

const startDeployment = async (): Promise<{ server: Server; deployment: Deployment }> => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/api/'))
      return response.writeHead(deployment.api.status).end(JSON.stringify(deployment.api.body));
    deployment.asked.push({ path: request.url, key: request.headers.authorization });
    if (request.url === '/ping') return response.end('{}');
    const asked: 'counts' | 'health' = request.url === '/v1/messages/count_tokens' ? 'counts' : 'health';
    const [next = { status: 500, body: {} }, ...rest] = deployment[asked];
    if (rest.length > 0) deployment[asked] = rest;
    return response.writeHead(next.status, { 'content-type': 'application/json' }).end(JSON.stringify(next.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const deployment: Deployment = {
    address,
    health: [{ status: 200, body: { status: 'ok' } }],
    counts: [{ status: 200, body: { input_tokens: 8 } }],
    api: { status: 200, body: { success: true, errors: [], result: { subdomain: 'mine' } } },
    asked: [],
  };
  return { server, deployment };
};

// Besides them Node alone: no docker or wrangler of this machine may be found.
const placePrograms = async (bin: string, without: readonly string[]): Promise<void> => {
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  for (const program of ['wrangler', 'docker', 'podman', 'security'].filter((each) => !without.includes(each))) {
    await copyFile(join(here, 'programs/record.mjs'), join(bin, program));
    await chmod(join(bin, program), 0o755);
  }
};

export const VERSION = 'b1a2c3d4-0000-4000-8000-123456789abc';

const ready = (address: string): Script => ({
  'wrangler whoami': { stdout: '{"email":"me@example.com","accounts":[{"id":"4711","name":"Mine"}]}' },
  'wrangler auth token': { stdout: '{"type":"oauth","token":"cloudflare-token"}' },
  'wrangler versions secret bulk': {
    stdout: `✨ Success! Created version ${VERSION} with 1 secret created and 0 secrets deleted.`,
  },
  'wrangler secret list': { stdout: '[]' },
  'wrangler deploy': { stdout: `Uploaded opencode-claude-proxy\nDeployed triggers\n  ${address}\n` },
});

const start = async (
  command: readonly string[],
  env: Record<string, string>,
  typed: Given['typed'],
): Promise<{ code: number; output: string; out: string }> => {
  const [program = '', ...args] = typed === undefined ? command : onTerminal(command);
  const child = spawn(program, args, { env, stdio: [typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  const toType = [...(typed ?? [])];
  let output = '';
  let out = '';
  let unanswered = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (stream === child.stdout) out += text;
      unanswered += text;
      if (toType[0] === undefined || !unanswered.includes(toType[0].at)) return;
      child.stdin?.write(`${toType.shift()?.text}\r`);
      unanswered = '';
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  child.stdin?.end();
  return { code, output, out };
};

/** util-linux's `script` gives the program a terminal, and hands its exit code on. */
const onTerminal = (command: readonly string[]): readonly string[] => [
  '/usr/bin/script',
  '-qefc',
  command.map((word) => `'${word}'`).join(' '),
  '/dev/null',
];

export const lines = (calls: readonly Call[]): readonly string[] =>
  calls.map(({ program, args }) => [program, ...args].join(' '));
/** All that were set, removed (null), or uploaded with a version. */
export const secretsOf = (calls: readonly Call[]): Record<string, string | null> =>
  Object.assign(
    {},
    ...calls.filter(({ input }) => input !== '').map(({ input }) => JSON.parse(input) as object),
  ) as Record<string, string | null>;
export const TOKEN = { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-very-secret' };
