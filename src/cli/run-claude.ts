/** The Claude Code that this server runs, with the user's own environment and terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findExecutable, missingProgram } from '../engines/claude/process/child/executable.ts';
import { CliError } from './cli-error.ts';
import { currentEnvironment } from './environment.ts';

const ignore = (): void => undefined;

/** Passes arguments and terminal on and resolves to the exit code; nothing is added or taken away. */
export const runClaude = (args: readonly string[]): Promise<number> => {
  const configured = currentEnvironment()['CLAUDE_PATH'] ?? '';
  const missing = missingProgram(configured);
  if (missing !== undefined) throw new CliError(`${missing.text}\nWhat to do: ${missing.remedy}.`);
  const executable = configured || (findExecutable() ?? '');
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
