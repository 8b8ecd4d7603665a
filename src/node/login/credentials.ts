/**
 * Which login the engine uses. The environment may hold several; exactly one is handed on, because the
 * CLI has an order of its own (an API key wins over everything) that would surprise the owner.
 */
import { ownCommand } from '../../util/own-command.ts';
import type { Environment } from '../config.ts';

/** A login of Claude Code that is on this machine already. */
export interface ExistingLogin {
  /** Where it was found, for messages. */
  readonly from: string;
  /** Set only where the user set `CLAUDE_CONFIG_DIR`: setting it also changes the name of the Keychain entry. */
  readonly configDir?: string;
}

type CredentialKind =
  | 'oauth-token'
  | 'oauth-creds'
  | 'api-key'
  | 'auth-token'
  | 'bedrock'
  | 'vertex'
  | 'foundry'
  | 'existing-login';

export type Credentials =
  | {
      readonly kind: CredentialKind;
      /** The variable or place, to be named at start. */
      readonly from: string;
      /** What the child's environment must hold for this login, and nothing for any other. */
      readonly env: Readonly<Record<string, string>>;
      /** For `oauth-creds`: the content of the credentials file. */
      readonly credentialsJson?: string;
      /** What is set as well and not used. */
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'none'; readonly help: string };

type Found = Exclude<Credentials, { kind: 'none' }>;
type Candidate = Omit<Found, 'ignored'>;

export interface CredentialOptions {
  readonly engine: 'claude-code' | 'anthropic-api';
  readonly existingLogin?: ExistingLogin | undefined;
}

/** Looks in the order of the README. Never reads or returns more than the one login that is used. */
export const findCredentials = (env: Environment, { engine, existingLogin }: CredentialOptions): Credentials => {
  const found = candidates(env, existingLogin);
  const [chosen] = found.filter(({ kind }) => engine === 'claude-code' || kind === 'api-key' || kind === 'auth-token');
  if (chosen === undefined) return { kind: 'none', help: engine === 'claude-code' ? helpForClaudeCode : helpForApi };
  // An existing login beside a variable is the normal case and is not reported.
  const ignored = found.filter((each) => each !== chosen && each.kind !== 'existing-login').map(({ from }) => from);
  return { ...chosen, ignored };
};

/** How the engine must treat the login: only an API key allows Claude Code's simple mode. */
export const credentialClass = ({ kind }: Pick<Found, 'kind'>): 'api-key' | 'subscription' =>
  kind === 'oauth-token' || kind === 'oauth-creds' || kind === 'existing-login' ? 'subscription' : 'api-key';

const candidates = (env: Environment, existingLogin: ExistingLogin | undefined): readonly Candidate[] => {
  const found: Candidate[] = [];
  const secret = (kind: CredentialKind, name: string): void => {
    const value = env[name]?.trim();
    if (value) found.push({ kind, from: name, env: { [name]: value } });
  };
  secret('oauth-token', 'CLAUDE_CODE_OAUTH_TOKEN');
  const credentialsJson = env['CLAUDE_OAUTH_CREDS']?.trim();
  if (credentialsJson) found.push({ kind: 'oauth-creds', from: 'CLAUDE_OAUTH_CREDS', env: {}, credentialsJson });
  secret('api-key', 'ANTHROPIC_API_KEY');
  secret('auth-token', 'ANTHROPIC_AUTH_TOKEN');
  for (const { kind, flag, variables } of providers) {
    if (isOn(env[flag])) found.push({ kind, from: flag, env: { ...pick(env, variables), [flag]: '1' } });
  }
  if (existingLogin !== undefined) {
    const { from, configDir } = existingLogin;
    found.push({ kind: 'existing-login', from, env: configDir === undefined ? {} : { CLAUDE_CONFIG_DIR: configDir } });
  }
  return found;
};

const VERTEX_VARIABLES = new RegExp(
  '^(?:(?:CLOUD_ML|GOOGLE|GCLOUD|VERTEX|ANTHROPIC_VERTEX)_\\w+|CLAUDE_CODE_SKIP_VERTEX_AUTH|' +
    'ANTHROPIC_(?:DEFAULT_\\w+_)?MODEL)$',
);

// https://code.claude.com/docs/en/env-vars, and the pages about each provider beside it.
const providers: readonly { kind: CredentialKind; flag: string; variables: RegExp }[] = [
  {
    kind: 'bedrock',
    flag: 'CLAUDE_CODE_USE_BEDROCK',
    variables: /^(AWS_\w+|ANTHROPIC_BEDROCK_\w+|CLAUDE_CODE_SKIP_BEDROCK_AUTH|ANTHROPIC_(DEFAULT_\w+_)?MODEL)$/,
  },
  {
    kind: 'vertex',
    flag: 'CLAUDE_CODE_USE_VERTEX',
    variables: VERTEX_VARIABLES,
  },
  {
    kind: 'foundry',
    flag: 'CLAUDE_CODE_USE_FOUNDRY',
    variables: /^(AZURE_\w+|ANTHROPIC_FOUNDRY_\w+|CLAUDE_CODE_SKIP_FOUNDRY_AUTH|ANTHROPIC_(DEFAULT_\w+_)?MODEL)$/,
  },
];

/** The allow-list of what else of the environment reaches the child. Nothing of it is a login. */
export const allowedVariables = (env: Environment): Readonly<Record<string, string>> =>
  pick(
    env,
    /^(ANTHROPIC_BASE_URL|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|PATH|LANG|LC_ALL|TZ|TMPDIR)$/i,
  );

const pick = (env: Environment, names: RegExp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => names.test(entry[0]) && Boolean(entry[1])),
  );

const isOn = (value: string | undefined): boolean =>
  ['1', 'true', 'yes', 'on'].includes(value?.trim().toLowerCase() ?? '');

const helpForClaudeCode = [
  'No login was found. One of these is needed:',
  `  ${ownCommand('claude', 'auth login')}   (once; the login stays on this machine), or`,
  `  CLAUDE_CODE_OAUTH_TOKEN=…   a token from \`${ownCommand('claude', 'setup-token')}\`, or`,
  '  CLAUDE_OAUTH_CREDS={…}      the JSON of a Claude Code credentials file, or',
  '  ANTHROPIC_API_KEY=…         an API key from https://platform.claude.com, or',
  '  CLAUDE_CODE_USE_BEDROCK=1, CLAUDE_CODE_USE_VERTEX=1 or CLAUDE_CODE_USE_FOUNDRY=1 with their variables.',
  `Put it into the environment or a .env file. To try the server without an account: ${ownCommand('demo')}`,
].join('\n');

const helpForApi = [
  'No API key was found, and ENGINE=anthropic-api works with nothing else.',
  'Set ANTHROPIC_API_KEY (https://platform.claude.com) or ANTHROPIC_AUTH_TOKEN, or unset ENGINE to use a login of ' +
    'Claude Code.',
].join('\n');
