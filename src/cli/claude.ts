/**
 * `npm run claude -- auth login`: the Claude Code that this server runs, with the user's own environment and terminal.
 * Nothing is added or taken away; its arguments and exit code are passed on.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findExecutable } from '../engines/claude/executable.ts';

const executable = findExecutable();
if (executable === undefined) {
  console.error(
    `The Agent SDK has no Claude Code for ${process.platform}-${process.arch} installed. Run npm install without --omit=optional.`,
  );
  process.exit(1);
}
const child = spawn(executable, process.argv.slice(2), { stdio: 'inherit' });
// The terminal sends Ctrl-C to both; Claude Code decides what it means.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void child.kill('SIGTERM'));
child.once('error', (error) => {
  console.error(`Claude Code could not be started: ${error.message}`);
  process.exitCode = 1;
});
child.once('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
});
