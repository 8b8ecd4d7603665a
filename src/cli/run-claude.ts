/** The Claude Code that this server runs, with the user's own environment and terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findExecutable } from '../engines/claude/process/child/executable.ts';
import { CliError } from './cli-error.ts';
import { currentEnvironment } from './environment.ts';

const ignore = (): void => undefined;

/** Passes arguments and terminal on and resolves to the exit code; nothing is added or taken away. */
export const runClaude = (args: readonly string[]): Promise<number> => {
  const executable = currentEnvironment()['CLAUDE_PATH'] || findExecutable();
  if (executable === undefined)
    throw new CliError(
      `The Agent SDK has no Claude Code for ${process.platform}-${process.arch} installed. Run npm install ` +
        `without --omit=optional.`,
    );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(executable, [...args], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; Claude Code decides what it means.
  const end = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', end);
  child.once('error', (error) => reject(new CliError(`Claude Code could not be started: ${error.message}`)));
  child.once('exit', (code, signal) => {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', end);
    resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
  });
  return promise;
};
