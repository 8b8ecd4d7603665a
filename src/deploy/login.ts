/**
 * The login of Claude that the deployment will use: from the environment, from Claude Code on this machine, or asked
 * for.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './deploy.ts';
import { ownCommand } from '../util/own-command.ts';
import { DeployError } from './errors.ts';

export const LOGIN_SECRETS = ['CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_OAUTH_CREDS', 'ANTHROPIC_API_KEY'] as const;

export interface Login {
  readonly secret: (typeof LOGIN_SECRETS)[number];
  readonly value: string;
  /** Where it comes from, in words. */
  readonly from: string;
  /** Claude Code on this machine uses the same login. */
  readonly shared: boolean;
}

/** Throws `DeployError` where there is none and nobody can be asked. */
export const findLogin = async (world: World): Promise<Login> => {
  for (const secret of LOGIN_SECRETS) {
    const value = world.env[secret]?.trim();
    if (value)
      return {
        secret,
        value: secret === 'CLAUDE_OAUTH_CREDS' ? checkedFile(value) : value,
        from: `${secret} of the environment`,
        shared: false,
      };
  }
  const found = (await fromFile(world)) ?? (await fromKeychain(world));
  if (found !== undefined && (world.ask === undefined || (await world.ask.yes(`   Use ${found.from}?`)))) return found;
  if (world.ask === undefined) throw new DeployError(HELP);
  const value = await world.ask.secret(
    `   A token from \`${ownCommand('claude', 'setup-token')}\` (not shown while you type): `,
  );
  return tokenLogin(value);
};

const LOGIN_COMMAND = ownCommand('claude', 'auth login');

const HELP = `No login of Claude was found.
One of these is needed:
  ${ownCommand('claude', 'setup-token')}    lives for a year; best for a deployment: then
                                   CLAUDE_CODE_OAUTH_TOKEN=… ${ownCommand('deploy')}
  ${LOGIN_COMMAND}     its credentials are then found here
  ANTHROPIC_API_KEY=… ${ownCommand('deploy')}    an API key`;

export const describeLogin = ({ secret, from, shared }: Login): string =>
  shared
    ? `   ${from}, as ${secret}.
   Note: Claude Code on this machine uses the same login, and a refresh by one logs the other out. A token of
   its own is better: CLAUDE_CODE_OAUTH_TOKEN from \`${ownCommand('claude', 'setup-token')}\`.`
    : `   ${from}`;

const tokenLogin = (value: string): Login => {
  if (value.startsWith('sk-ant-oat'))
    return { secret: 'CLAUDE_CODE_OAUTH_TOKEN', value, from: 'the token you entered', shared: false };
  if (value.startsWith('sk-ant-'))
    return { secret: 'ANTHROPIC_API_KEY', value, from: 'the API key you entered', shared: false };
  throw new DeployError(
    'That is no token of Claude: setup-token prints one that begins with sk-ant-oat, API keys begin with sk-ant-api.',
  );
};

const fromFile = async ({ env, home }: World): Promise<Login | undefined> => {
  const path = join(env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'), '.credentials.json');
  try {
    return credentials(await readFile(path, 'utf8'), `the Claude Code login in ${path}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const fromKeychain = async ({ platform, run }: World): Promise<Login | undefined> => {
  if (platform !== 'darwin') return undefined;
  const { code, stdout } = await run('security', ['find-generic-password', '-s', 'Claude Code-credentials', '-w']);
  return code === 0 ? credentials(stdout.trim(), 'the Claude Code login in the macOS Keychain') : undefined;
};

// A file without a token is what is left after a logout.
const credentials = (text: string, from: string): Login | undefined => {
  const file = parseFile(text, from);
  return hasToken(file) ? { secret: 'CLAUDE_OAUTH_CREDS', value: JSON.stringify(file), from, shared: true } : undefined;
};

const checkedFile = (text: string): string => {
  if (!hasToken(parseFile(text, 'CLAUDE_OAUTH_CREDS')))
    throw new DeployError(`CLAUDE_OAUTH_CREDS has no claudeAiOauth.accessToken. ${EXPECTED}`);
  return text;
};

const EXPECTED = `It must be the content of Claude Code's .credentials.json after ${LOGIN_COMMAND}.`;

const hasToken = (file: unknown): boolean => {
  const token = (file as { claudeAiOauth?: { accessToken?: unknown } } | null)?.claudeAiOauth?.accessToken;
  return typeof token === 'string' && token !== '';
};

// The parser's own message would repeat a piece of the secret, so it is not passed on.
const parseFile = (text: string, from: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new DeployError(`${from} is not JSON. ${EXPECTED}`);
  }
};
