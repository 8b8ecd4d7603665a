/** A first start without any login: asks which one to use and walks through it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isCancel, log, note, password, select } from '@clack/prompts';
import { findCredentials } from '../node/login/credentials.ts';
import { findExistingLogin } from '../node/login/existing-login.ts';
import type { Environment } from '../settings/parse-settings.ts';
import { CliError } from './cli-error.ts';
import { userEnvFile } from './environment.ts';
import { runClaude } from './run-claude.ts';

export const hasLogin = async (env: Environment): Promise<boolean> => {
  const engine = env['ENGINE'] === 'anthropic-api' ? 'anthropic-api' : 'claude-code';
  return findCredentials(env, { engine, existingLogin: await findExistingLogin(env) }).kind !== 'none';
};

/** Resolves once a login is there. Throws `CliError` where the user gives up. */
export const chooseLogin = async (env: Environment): Promise<void> => {
  const choice = await select({
    message: 'No login was found. How do you use Claude?',
    options: [
      { value: 'login', label: 'With a Claude subscription', hint: 'opens a browser; the login stays on this machine' },
      { value: 'key', label: 'With an API key', hint: 'from https://platform.claude.com; the way for teams' },
      { value: 'cloud', label: 'Through Bedrock, Vertex or Foundry' },
      { value: 'none', label: 'Not yet', hint: 'opencode-claude-proxy demo runs without an account' },
    ],
  });
  if (choice === 'login') return logIn();
  if (choice === 'key') return keepApiKey(env);
  if (choice === 'cloud')
    note(
      'Set CLAUDE_CODE_USE_BEDROCK=1, CLAUDE_CODE_USE_VERTEX=1 or CLAUDE_CODE_USE_FOUNDRY=1\n' +
        'with the variables of your cloud, in the environment or a .env file. docs/CONFIGURATION.md lists them.',
    );
  throw new CliError('Not started: there is no login.');
};

const logIn = async (): Promise<void> => {
  if ((await runClaude(['auth', 'login'])) !== 0) throw new CliError('Not started: the login did not succeed.');
};

/** Kept in a file that only this user can read; never shown again, never on a command line. */
const keepApiKey = async (env: Environment): Promise<void> => {
  const key = await password({
    message: 'The API key (it is kept in a private file):',
    validate: (text) => (text?.startsWith('sk-ant-') === true ? undefined : 'Anthropic’s keys begin with sk-ant-.'),
  });
  if (isCancel(key)) throw new CliError('Not started: there is no login.');
  const file = userEnvFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const before = existsSync(file) ? readFileSync(file, 'utf8').replace(/\n?$/u, '\n') : '';
  await writeFile(file, `${before}ANTHROPIC_API_KEY=${key}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  log.success(`Kept in ${file}.`);
};
