/** Checks of the machine: Claude Code's program, memory, files, directories, the port. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { readFileSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { findExecutable, missingProgram } from '../../engines/claude/process/child/executable.ts';
import { connectionLimits } from '../../node/socket/connections.ts';
import { prepareState, stateRoot } from '../../node/state.ts';
import type { Config } from '../../settings/server-settings.ts';
import type { Environment } from '../../settings/parse-settings.ts';
import { note, ok, problem, warning, type Finding } from './finding.ts';

const MIB = 1024 * 1024;

export const checkNode = (version = process.versions.node): Finding =>
  Number(version.split('.')[0]) >= 24
    ? ok('node', `Node ${version}`)
    : problem('node', `Node 24 is needed, this is ${version}.`, 'nvm install 24');

/** The version of Claude Code that this package was tested with: the Agent SDK names it. */
const testedVersion = (): string => {
  // Beside the SDK's entry: the package does not export its package.json.
  const file = new URL('package.json', import.meta.resolve('@anthropic-ai/claude-agent-sdk'));
  return (JSON.parse(readFileSync(file, 'utf8')) as { claudeCodeVersion?: string }).claudeCodeVersion ?? 'unknown';
};

export const checkClaudeCode = async ({ CLAUDE_PATH }: Pick<Config, 'CLAUDE_PATH'>): Promise<Finding> => {
  const missing = missingProgram(CLAUDE_PATH);
  if (missing !== undefined) return problem('claude-code', missing.text, missing.remedy);
  const path = CLAUDE_PATH || (findExecutable() ?? '');
  const machine = `${process.platform}-${process.arch}`;
  const found = await versionOf(path);
  if (found === undefined)
    return problem('claude-code', `${path} does not run on ${machine}.`, 'npm rebuild, or set CLAUDE_PATH to another');
  const tested = testedVersion();
  if (found !== tested)
    return warning(
      'claude-code',
      `Claude Code ${found}; this package was tested with ${tested}.`,
      'unset CLAUDE_PATH to use the tested one',
    );
  return ok('claude-code', `Claude Code ${found} for ${machine}, the tested version`);
};

const versionOf = async (path: string): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
    return /\d+\.\d+\.\d+/u.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
};

/** What a process of Claude Code holds alone. */
const PROCESS_BYTES = 230 * MIB;

export const checkMemory = (
  { MAX_PROCESSES, ENGINE }: Pick<Config, 'MAX_PROCESSES' | 'ENGINE'>,
  limits = { constrained: process.constrainedMemory(), total: totalmem() },
): Finding => {
  const { constrained, total } = limits;
  const memory = constrained > 0 && constrained < total ? constrained : total;
  const mib = Math.round(memory / MIB);
  if (ENGINE === 'anthropic-api') return ok('memory', `${mib} MB; the engine anthropic-api needs few of them`);
  const room = Math.floor((memory * 0.8) / PROCESS_BYTES);
  if (room < 2)
    return problem(
      'memory',
      `${mib} MB are not enough for two processes of Claude Code (230 MB each).`,
      'give it 1 GB',
    );
  if (MAX_PROCESSES !== 'auto' && MAX_PROCESSES > room)
    return warning(
      'memory',
      `MAX_PROCESSES is ${MAX_PROCESSES}, and ${mib} MB have room for about ${room}.`,
      `MAX_PROCESSES=${room}, or auto`,
    );
  return ok('memory', `${mib} MB, room for about ${room} processes of Claude Code`);
};

export const checkOpenFiles = ({ MAX_CONNECTIONS }: Pick<Config, 'MAX_CONNECTIONS'>): Finding => {
  const { total } = connectionLimits(MAX_CONNECTIONS);
  return total < 200
    ? warning('open-files', `Room for ${total} connections only.`, 'raise the limit: ulimit -n 65536')
    : ok('open-files', `Room for ${total} connections`);
};

export const checkState = async ({ STATE_DIR }: Pick<Config, 'STATE_DIR'>, env: Environment): Promise<Finding> => {
  const root = stateRoot(STATE_DIR, env);
  try {
    await prepareState(STATE_DIR, env);
  } catch (error) {
    return problem(
      'state',
      error instanceof Error ? error.message : String(error),
      'set STATE_DIR to a folder of yours',
    );
  }
  const mode = statSync(root).mode & 0o077;
  return mode === 0
    ? ok('state', `${root} is private and can be written`)
    : warning('state', `${root} can be read by others.`, `chmod 700 ${root}`);
};

/** Whether the port can be had, or who has it. */
export const checkPort = async ({ HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): Promise<Finding> => {
  if (PORT === 0) return ok('port', 'PORT is 0: a free one is picked');
  const code = await listenOnce(HOST, PORT);
  if (code === undefined) return ok('port', `${HOST}:${PORT} is free`);
  if (code === 'EACCES') return problem('port', `Port ${PORT} needs more rights than this user has.`, 'PORT=8080');
  if (code === 'EADDRNOTAVAIL') return problem('port', `This machine has no address ${HOST}.`, 'HOST=127.0.0.1');
  const name = await fetch(`http://127.0.0.1:${PORT}/`, { signal: AbortSignal.timeout(2_000) })
    .then(async (response) => ((await response.json()) as { name?: string }).name)
    .catch(() => undefined);
  return name === 'opencode-claude-proxy'
    ? note('port', `This server runs already on port ${PORT}.`, 'opencode-claude-proxy status')
    : problem('port', `Port ${PORT} is taken by another program.`, `opencode-claude-proxy start --port ${PORT + 1}`);
};

const listenOnce = async (host: string, port: number): Promise<string | undefined> => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer()
    .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    .listen(port, host, () => server.close(() => resolve(undefined)));
  return promise;
};
