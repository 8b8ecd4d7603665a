/** `deploy`: from a clone or the npm package to an address at Cloudflare that serves, and again after any change. */
import { homedir } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { askTerminal, type Ask } from '../../deploy/ask.ts';
import { deploy, type DeployOptions } from '../../deploy/deploy.ts';
import { DeployError } from '../../deploy/errors.ts';
import { chooseWrangler, prepareFolder, runIn, runWithout, type Folder } from '../../deploy/folder.ts';
import type { Run } from '../../deploy/programs.ts';
import { ownCommand } from '../../util/own-command.ts';
import { CliError } from '../cli-error.ts';
import { isInteractive, printJson } from '../output.ts';

interface Options extends Omit<DeployOptions, 'waitSeconds'> {
  readonly wait: number;
  readonly json: boolean;
}

const help = (): string => `
Examples:
  $ ${ownCommand('deploy', '--dry-run')}     what would happen
  $ CLAUDE_CODE_OAUTH_TOKEN=… ${ownCommand('deploy')}
  $ PROXY_URL=https://… ${ownCommand('deploy', '--renew')}

Needs Docker or podman, and an account at Cloudflare with the Workers Paid plan. Outside of a clone, npx fetches
wrangler (asked before); WRANGLER names one of yours. Logins and keys come from the environment or are asked for:
docs/DEPLOYMENT.md.
Exit codes: 0 it serves, 1 it was not deployed, 2 the command line cannot be read, 3 it is deployed and does not serve
yet.`;

export const addDeploy = (program: Command): void => {
  program
    .command('deploy')
    .description('give it a public address: Cloudflare Containers, scaled to zero')
    .option('--dry-run', 'show every step, do nothing', false)
    .option('-y, --yes', 'ask nothing: make a key when there is none, and fail where an answer is needed', false)
    .option('--renew', 'only renew login and key of what is deployed at PROXY_URL; no build', false)
    .option('--allow-no-key', 'serve without a key: whoever finds the address spends your money', false)
    .option('--wait <seconds>', 'how long to wait until it serves; a first deployment takes minutes', secondsOf, 600)
    .option('--json', 'print address and key as JSON, and the steps on standard error', false)
    .addHelpText('after', help)
    .action(async ({ json, wait, ...options }: Options) => {
      if (options.renew && options.allowNoKey)
        throw new CliError('--allow-no-key is part of what is deployed: use it without --renew.', 2);
      const deployed = await run({ ...options, waitSeconds: wait }, json).catch(asCliError);
      if (json) printJson(deployed ?? { dryRun: true });
    });
};

const run = async (options: DeployOptions, json: boolean) => {
  const { env } = process;
  const ask = isInteractive() && !options.yes ? askTerminal : undefined;
  const show = (text: string): void => void (json ? process.stderr : process.stdout).write(text);
  const folder = await prepareFolder();
  try {
    return await deploy(options, {
      env,
      home: env['HOME'] ?? homedir(),
      platform: process.platform,
      run: await runner(folder, { options, ask }),
      worker: folder.worker,
      ask,
      print: (line) => show(`${line}\n`),
      show,
      fetch,
    });
  } finally {
    await folder.remove();
  }
};

const runner = async (
  folder: Folder,
  { options, ask }: { options: DeployOptions; ask: Ask | undefined },
): Promise<Run> => {
  try {
    return runIn(folder, await chooseWrangler({ env: process.env, ask, yes: options.yes }));
  } catch (error) {
    if (!(error instanceof DeployError && options.dryRun)) throw error;
    return runWithout(error);
  }
};

const asCliError = (error: unknown): never => {
  if (!(error instanceof DeployError)) throw error;
  throw new CliError(`\n${error.message}`, error.exitCode);
};

const secondsOf = (text: string): number => {
  if (!/^\d+$/u.test(text)) throw new InvalidArgumentError('It takes whole seconds.');
  return Number(text);
};
