/** Secrets of the Worker: all in one call, over standard input. */
import { randomBytes } from 'node:crypto';
import type { World } from './deploy.ts';
import { DeployError } from './errors.ts';
import type { ProxyKey } from './key.ts';
import { LOGIN_SECRETS, type Login } from './login.ts';

/** Names of what the Worker has already; none before the first deployment. */
export const deployedSecrets = async ({ run }: World): Promise<ReadonlySet<string>> => {
  const { code, stdout } = await run('wrangler', ['secret', 'list', '--format', 'json']);
  if (code !== 0) return new Set();
  return new Set((JSON.parse(stdout) as readonly { name: string }[]).map(({ name }) => name));
};

/** Null removes: another login that was deployed before would win over this one. */
export type Secrets = Readonly<Record<string, string | null>>;

export const secretsFor = (login: Login, key: ProxyKey, deployed: ReadonlySet<string>): Secrets => {
  const others = LOGIN_SECRETS.filter((name) => name !== login.secret && deployed.has(name));
  const stateKey = login.secret === 'CLAUDE_OAUTH_CREDS' && !deployed.has('STATE_KEY');
  return {
    [login.secret]: login.value,
    ...Object.fromEntries(others.map((name) => [name, null])),
    ...(key.secret !== undefined && (key.secret !== null || deployed.has('PROXY_API_KEY')) && { PROXY_API_KEY: key.secret }),
    // Kept once it is there: what was sealed under it could not be opened any more.
    ...(stateKey && { STATE_KEY: randomBytes(32).toString('base64') }),
  };
};

export const setSecrets = async (secrets: Secrets, { run, print }: World): Promise<void> => {
  const { code, stderr } = await run('wrangler', ['secret', 'bulk'], { input: JSON.stringify(secrets) });
  if (code !== 0) throw new DeployError(`The secrets could not be set (wrangler secret bulk, exit code ${code}): ${withoutValues(stderr, secrets)}`);
  for (const [name, value] of Object.entries(secrets)) print(`   ${name}: ${value === null ? 'removed' : 'set'}`);
};

const withoutValues = (text: string, secrets: Secrets): string =>
  Object.values(secrets).reduce((shown: string, value) => (value === null ? shown : shown.replaceAll(value, '…')), text.trim());
