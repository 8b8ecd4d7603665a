/** The command line: every command in one tree, and how a failure becomes a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { StartError } from '../node/start-error.ts';
import { version } from '../node/version.ts';
import { addClaude } from './commands/claude.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConnect } from './commands/connect.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDemo } from './commands/demo.ts';
import { addKeys } from './commands/keys.ts';
import { addLogin } from './commands/login.ts';
import { addLogs } from './commands/logs.ts';
import { addModels } from './commands/models.ts';
import { addService } from './commands/service.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addUsage } from './commands/usage.ts';
import { addExamples } from './examples.ts';
import { CliError } from './cli-error.ts';
import { settingsFromFlags } from './setting-flags.ts';
import { noticeUpgrade } from './upgrade/upgrade-notice.ts';

const EXAMPLES = `
Examples:
  $ opencode-claude-proxy                 start with the login that is found
  $ opencode-claude-proxy demo            try it without an account
  $ opencode-claude-proxy connect opencode  print the configuration of a client
  $ opencode-claude-proxy status          ask a running server how it is

Exit codes: 0 done, 1 it failed, 2 the command line cannot be read, 3 no server answers.`;

export const createProgram = (): Command => {
  const program = new Command('opencode-claude-proxy')
    .description('Your own Claude behind the APIs that your tools already speak.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .showHelpAfterError('Add --help for what there is.')
    .addHelpText('after', EXAMPLES);
  // Inherited by every command: a throw in place of an exit, so that there is one place that ends the process.
  program.exitOverride();
  // So that `claude` can pass on options of its own.
  program.enablePositionalOptions();
  program.hook('postAction', (_, command) => noticeUpgrade(settingsFromFlags(command.opts())));
  addStart(program);
  addDemo(program);
  addLogin(program);
  addStatus(program);
  addDoctor(program);
  addConnect(program);
  addModels(program);
  addKeys(program);
  addUsage(program);
  addLogs(program);
  addConfig(program);
  addDeploy(program);
  addService(program);
  addClaude(program);
  addCompletion(program);
  addExamples(program);
  return program;
};

/** Runs the command that `argv` names; `start` where it names none. Sets the exit code and returns. */
export const runProgram = async (argv: readonly string[]): Promise<void> => {
  // A reader such as `head` may leave before the end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
};

/** 2, as is usual, for a command line that cannot be read. */
const reportFailure = (error: unknown): number => {
  // Commander has printed its own message, and help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    console.error(error.message);
    return error.exitCode;
  }
  if (error instanceof StartError) {
    console.error(error.message);
    return 1;
  }
  throw error;
};
