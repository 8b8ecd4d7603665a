/**
 * The message for a login that the API refuses: whose it is, and what its owner can do. It holds no secret and no path.
 */
import { ownCommand } from '../../util/own-command.ts';
import type { Environment } from '../config.ts';
import type { Credentials } from './credentials.ts';

export interface LoginAdvice {
  /** The login by the name under which its owner knows it. */
  readonly name: string;
  /** Who refuses it. */
  readonly refusedBy: string;
  /** What to do on the server, as the rest of a sentence. */
  readonly remedy: string;
}

type Found = Exclude<Credentials, { kind: 'none' }>;

export const loginAdvice = ({ kind, from }: Pick<Found, 'kind' | 'from'>, env: Environment): LoginAdvice => {
  const refusedBy = env['ANTHROPIC_BASE_URL'] ? 'the API at ANTHROPIC_BASE_URL' : 'Anthropic';
  switch (kind) {
    case 'oauth-token':
      return {
        name: from,
        refusedBy,
        remedy: `run \`${ownCommand('claude', 'setup-token')}\`, ${setAnew(from, 'token')}`,
      };
    case 'oauth-creds':
      return {
        name: from,
        refusedBy,
        remedy:
          `run \`${ownCommand('claude', 'auth login')}\`, ` +
          setAnew(from, "content of Claude Code's .credentials.json"),
      };
    case 'api-key':
    case 'auth-token':
      return { name: from, refusedBy, remedy: setAnew(from, kind === 'api-key' ? 'API key' : 'token') };
    case 'bedrock':
    case 'vertex':
    case 'foundry':
      return {
        name: from,
        refusedBy: 'the cloud provider',
        remedy: `check the variables or the profile that ${from} needs`,
      };
    case 'existing-login':
      return {
        name: 'the Claude Code login of its machine',
        refusedBy,
        remedy: `run \`${ownCommand('claude', 'auth login')}\` and start the server again`,
      };
    default:
      return kind satisfies never;
  }
};

/** On Cloudflare the login lies in the Worker's secrets. */
export const adviceBehindWorker = (advice: LoginAdvice): LoginAdvice => ({
  ...advice,
  remedy: 'run `npm run deploy -- --renew` (or `opencode-claude-proxy deploy --renew`) with a login that works',
});

const setAnew = (name: string, what: string): string => `set ${name} to the new ${what} and start the server again`;
