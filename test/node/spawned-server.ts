/** The server as a user starts it: a process of its own, in an empty directory, with nothing but the given environment. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach } from 'vitest';
import { until } from '../http/scripted-engine.ts';
import { compileCache } from '../compile-cache.ts';

export interface SpawnedServer {
  readonly child: ChildProcessWithoutNullStreams;
  readonly home: string;
  readonly output: { out: string; err: string };
  /** Resolves to the exit code once the process and its output have ended. */
  readonly exit: Promise<[number | null]>;
}

export interface Spawning {
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** `ulimit -n` of the process. */
  readonly openFiles?: number;
  readonly program?: string;
  readonly args?: readonly string[];
  readonly home?: string;
}

const running: SpawnedServer[] = [];

/** Ends, after each test of the file that calls it, what the test has left running. */
export const endAfterEach = (): void => {
  afterEach(async () => {
    for (const { child, exit, home } of running.splice(0)) {
      child.kill('SIGKILL');
      await exit;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
};

export const newHome = (): string => mkdtempSync(join(tmpdir(), 'home-'));

export const start = (
  env: Record<string, string>,
  { program = 'src/cli/main.mjs', args = [], flags = [], home = newHome(), openFiles }: Spawning = {},
): SpawnedServer => {
  const command = [process.execPath, ...flags, resolve(program), ...args];
  const limited = ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command];
  const [first = '', ...rest] = openFiles === undefined ? command : limited;
  const child = spawn(first, rest, {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'], ...compileCache, ...env },
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += String(chunk)));
  child.stderr.on('data', (chunk) => (output.err += String(chunk)));
  const server = { child, home, output, exit: once(child, 'close') as Promise<[number | null]> };
  running.push(server);
  return server;
};

/** The address that the server prints when it listens. */
export const listening = async ({ output, child }: SpawnedServer): Promise<string> => {
  await until(() => output.out.includes('Listening on ') || child.exitCode !== null);
  const [, url] = /Listening on (\S+)/.exec(output.out) ?? [];
  if (url === undefined) throw new Error(`The server does not listen: ${output.out}${output.err}`);
  return url;
};

/** Settings of a server on a free port with the direct engine. */
export const directTo = (upstream: { url: string }, more: Record<string, string> = {}): Record<string, string> => ({
  ENGINE: 'anthropic-api',
  ANTHROPIC_API_KEY: 'key-secret',
  ANTHROPIC_BASE_URL: upstream.url,
  PORT: '0',
  ...more,
});

/** Settings of a server on a free port with Claude Code, which reaches this upstream only. */
export const claudeCodeTo = (upstream: { url: string }, more: Record<string, string> = {}): Record<string, string> => ({
  ANTHROPIC_API_KEY: 'key-secret',
  ANTHROPIC_BASE_URL: upstream.url,
  PORT: '0',
  ...more,
});

export const post = (url: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** The JSON lines of the log so far. */
export const logOf = ({ output }: Pick<SpawnedServer, 'output'>): readonly Record<string, unknown>[] =>
  output.out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
