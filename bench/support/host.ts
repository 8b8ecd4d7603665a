/**
 * Programs that take part in a measurement, each in a process of its own, so that their CPU time can be told
 * apart. Each ends when its channel to this process closes, also when this process is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Hosted extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

type Program = 'upstream' | 'server' | 'peer';

/** What a program says once it can be used, or why it cannot. */
/** `pid`: of the program that counts, where it is not the one that speaks. */
export type Word = { readonly url: string; readonly pid?: number } | { readonly error: string };

export const startProgram = async (
  program: Program,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Hosted> => {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [word] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => [{ error: `${program} ended at its start` }]),
  ])) as [Word];
  if ('error' in word || child.pid === undefined)
    throw new Error('error' in word ? word.error : `${program} has no process`);
  return {
    url: word.url,
    pid: word.pid ?? child.pid,
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
};

/** `usual`: the answer to a request whose newest message has no directive of the demo. */
export const startUpstream = (usual?: string): Promise<Hosted> => startProgram('upstream', { BENCH_ANSWER: usual });

/** The real server in front of `upstream`, with settings as `npm start` takes them. */
export const startServer = async (
  upstream: Hosted,
  settings: Readonly<Record<string, string>> = {},
): Promise<Hosted> => {
  const dir = temporaryFolder();
  const hosted = await startProgram('server', {
    HOME: dir.path,
    STATE_DIR: join(dir.path, 'state'),
    PORT: '0',
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'bench',
    ...settings,
  });
  return {
    ...hosted,
    async [Symbol.asyncDispose]() {
      await hosted[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
};

export const temporaryFolder = (): Disposable & { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), 'proxy-bench-'));
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  return {
    path,
    [Symbol.dispose]: () => {
      process.off('exit', remove);
      remove();
    },
  };
};
