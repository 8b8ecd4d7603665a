/** `login` and `logout`: Claude Code's own, for the login that stays on this machine. */
import type { Command } from 'commander';
import { runClaude } from '../run-claude.ts';

export const addLogin = (program: Command): void => {
  program
    .command('login')
    .description('log in to Claude with your own account; the login stays on this machine')
    .option('--token', 'print a long-lived token instead, for CLAUDE_CODE_OAUTH_TOKEN on a server')
    .action(async ({ token = false }: { token?: boolean }) => {
      process.exitCode = await runClaude(token ? ['setup-token'] : ['auth', 'login']);
    });
  program
    .command('logout')
    .description('end the login on this machine')
    .action(async () => {
      process.exitCode = await runClaude(['auth', 'logout']);
    });
};
