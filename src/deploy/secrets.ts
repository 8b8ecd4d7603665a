/** Secrets of the Worker: over standard input, never as arguments. */
import { randomBytes } from 'node:crypto';
import { ownCommand } from '../util/own-command.ts';
import type { World } from './deploy.ts';
import { DeployError } from './errors.ts';
import type { ProxyKey } from './key.ts';
import { LOGIN_SECRETS, type Login } from './login.ts';
import { outputOf, parseOutput } from './output.ts';
import type { Ran } from './programs.ts';

/**
 * Names of what the Worker has already; none before the first deployment. Throws `DeployError` where that cannot be
 * known: taken for none, the key of every client and the key of what is encrypted would be replaced.
 */
export const deployedSecrets = async ({ run }: World): Promise<ReadonlySet<string>> => {
  const ran = await run('wrangler', ['secret', 'list', '--format', 'json']);
  if (ran.code === 0)
    return new Set(parseOutput<readonly { name: string }[]>('wrangler secret list', ran).map(({ name }) => name));
  const said = outputOf(ran);
  if (/Worker ".*" not found/.test(said)) return new Set();
  throw new DeployError(
    `Which secrets the Worker has could not be read (wrangler secret list, exit code ${ran.code}). ` +
      `Nothing was changed; run ${ownCommand('deploy')} again.\n${said}`,
  );
};

/**
 * A new one, or a given one; undefined where the deployed one stays, since what was encrypted with it opens with no
 * other.
 */
export const chooseStateKey = (given: string | undefined, deployed: ReadonlySet<string>): string | undefined => {
  if (given) return checkedStateKey(given);
  return deployed.has('STATE_KEY') ? undefined : randomBytes(32).toString('base64');
};

/** The same in all instances, for ever: clients keep what is encrypted with it. */
export const chooseEncryptionKey = (given: string | undefined, deployed: ReadonlySet<string>): string | undefined => {
  if (given) return given;
  return deployed.has('PROXY_ENCRYPTION_KEY') ? undefined : randomBytes(32).toString('base64');
};

const checkedStateKey = (key: string): string => {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(key))
    throw new DeployError(
      'STATE_KEY must be 32 bytes in base64: openssl rand -base64 32. Without it in the environment one is made.',
    );
  return key;
};

interface Chosen {
  readonly login: Login;
  readonly key: ProxyKey;
  readonly stateKey: string | undefined;
  readonly encryptionKey: string | undefined;
}

/** Null removes: another login that was deployed before would win over this one. */
export type Secrets = Readonly<Record<string, string | null>>;

export const secretsFor = ({ login, key, stateKey, encryptionKey }: Chosen, deployed: ReadonlySet<string>): Secrets => {
  const others = LOGIN_SECRETS.filter((name) => name !== login.secret && deployed.has(name));
  return {
    [login.secret]: login.value,
    ...Object.fromEntries(others.map((name) => [name, null])),
    ...(key.secret !== undefined &&
      (key.secret !== null || deployed.has('PROXY_API_KEY')) && { PROXY_API_KEY: key.secret }),
    ...(login.secret === 'CLAUDE_OAUTH_CREDS' && stateKey !== undefined && { STATE_KEY: stateKey }),
    ...(encryptionKey !== undefined && { PROXY_ENCRYPTION_KEY: encryptionKey }),
  };
};

/** What a deployment carries with it; it adds and replaces, and never removes. */
export const uploaded = (secrets: Secrets): Secrets => pick(secrets, (value) => value !== null);

export const removed = (secrets: Secrets): Secrets => pick(secrets, (value) => value === null);

const pick = (secrets: Secrets, which: (value: string | null) => boolean): Secrets =>
  Object.fromEntries(Object.entries(secrets).filter(([, value]) => which(value)));

export const describeSecrets = (secrets: Secrets): readonly string[] =>
  Object.entries(secrets).map(([name, value]) => `   ${name}: ${value === null ? 'removed' : 'set'}`);

/**
 * A new version of what is deployed, with these secrets, at once: a Durable Object that runs keeps its secrets until it
 * is reset, and would go on with a login that is dead or a key that was taken away. Answers that run end with an error.
 */
export const renewSecrets = async (secrets: Secrets, { run, print }: World): Promise<void> => {
  if (Object.keys(secrets).length === 0) return;
  const upload = await run('wrangler', ['versions', 'secret', 'bulk'], { input: JSON.stringify(secrets) });
  const version = /version ([0-9a-f-]{36})/.exec(upload.stdout)?.[1];
  if (upload.code !== 0 || version === undefined) throw notSet('versions secret bulk', upload, secrets);
  const deployment = await run('wrangler', [
    'versions',
    'deploy',
    `${version}@100`,
    '--yes',
    '--durable-objects-code-update-mode',
    'immediate',
  ]);
  if (deployment.code !== 0) throw notSet('versions deploy', deployment, secrets);
  describeSecrets(secrets).forEach(print);
};

const notSet = (command: string, ran: Ran, secrets: Secrets): DeployError =>
  new DeployError(
    `The secrets could not be set (wrangler ${command}, exit code ${ran.code}): ` +
      withoutValues(outputOf(ran), secrets),
  );

const withoutValues = (text: string, secrets: Secrets): string =>
  Object.values(secrets).reduce(
    (shown: string, value) => (value === null ? shown : shown.replaceAll(value, '…')),
    text.trim(),
  );
