/** `npm run deploy`: from a checkout to an address that serves, and again whenever the login or the code has changed. */
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import { askTerminal } from './deploy/ask.ts';
import { deploy, type DeployOptions } from './deploy/deploy.ts';
import { DeployError } from './deploy/errors.ts';
import { runProgram } from './deploy/programs.ts';

const USAGE = `usage: npm run deploy -- [options]
  --dry-run        show every step, do nothing
  --yes            ask nothing: generate a key when there is none, and fail where an answer is needed
  --renew          only renew login and key of what is deployed at PROXY_URL; no build
  --allow-no-key   serve without a key: whoever finds the address spends your money
  --wait=SECONDS   how long to wait until it serves (default 600; a first deployment takes minutes)
Exit codes: 0 it serves; 1 it was not deployed; 3 it is deployed and does not serve, or not yet`;

try {
  const options = optionsOf(process.argv.slice(2));
  await deploy(options, {
    env: process.env,
    home: process.env['HOME'] ?? homedir(),
    platform: process.platform,
    run: runProgram,
    ask: process.stdin.isTTY && !options.yes ? askTerminal : undefined,
    print: (line) => console.log(line),
    fetch,
  });
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = error.exitCode;
}

function optionsOf(args: readonly string[]): DeployOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'dry-run': { type: 'boolean' },
        yes: { type: 'boolean' },
        renew: { type: 'boolean' },
        'allow-no-key': { type: 'boolean' },
        wait: { type: 'string' },
      },
    });
    if (values.renew && values['allow-no-key'])
      throw new Error('--allow-no-key is part of what is deployed: use it without --renew.');
    return {
      dryRun: values['dry-run'] === true,
      yes: values.yes === true,
      renew: values.renew === true,
      allowNoKey: values['allow-no-key'] === true,
      waitSeconds: secondsOf(values.wait ?? '600'),
    };
  } catch (error) {
    throw new DeployError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function secondsOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--wait takes whole seconds, not ${text}.`);
  return Number(text);
}
