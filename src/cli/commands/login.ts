/** `login` and `logout`: Claude Code's own, for the login that stays on this machine. */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { runClaude } from '../run-claude.ts';

export const addLogin = (program: Command): void => {
  program
    .command('login')
    .description('log in to Claude with your own account; the login stays on this machine')
    .option('--token', 'print a long-lived token instead, for CLAUDE_CODE_OAUTH_TOKEN on a server')
    .option('--json', 'print what came of it as JSON')
    .action(async ({ token = false, json = false }: { token?: boolean; json?: boolean }) => {
      refuseWithoutTerminal();
      const code = await runClaude(token ? ['setup-token'] : ['auth', 'login']);
      if (json) await runClaude(['auth', 'status', '--json']);
      process.exitCode = code;
    });
  program
    .command('logout')
    .description('end the login on this machine')
    .option('--json', 'print what came of it as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const code = await runClaude(['auth', 'logout']);
      if (json) await runClaude(['auth', 'status', '--json']);
      process.exitCode = code;
    });
};

/** Claude Code would wait for ever for an answer that nobody can give. */
const refuseWithoutTerminal = (): void => {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new CliError(
    'A login needs a terminal. Without one: make a token elsewhere (opencode-claude-proxy login --token) and set ' +
      'CLAUDE_CODE_OAUTH_TOKEN to it, or set ANTHROPIC_API_KEY.',
  );
};
