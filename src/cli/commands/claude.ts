/** `claude …`: any command of the Claude Code that this server runs. */
import type { Command } from 'commander';
import { runClaude } from '../run-claude.ts';

export const addClaude = (program: Command): void => {
  program
    .command('claude')
    .description('run the Claude Code of this server, with all arguments passed on')
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      process.exitCode = await runClaude(args);
    });
};
