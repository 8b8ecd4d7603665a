/** The deployment as a story; each step in a file of its own. */
import type { Ask } from './ask.ts';
import { checkAccount, checkBuilder } from './check.ts';
import { chooseKey, type ProxyKey } from './key.ts';
import { describeLogin, findLogin } from './login.ts';
import type { Run } from './programs.ts';
import { chooseStateKey, deployedSecrets, secretsFor, setSecrets } from './secrets.ts';
import { DeployError } from './errors.ts';
import { waitUntilServing } from './wait.ts';

export interface DeployOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly renew: boolean;
  readonly allowNoKey: boolean;
  readonly waitSeconds: number;
}

export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly run: Run;
  /** Undefined where nobody can be asked. */
  readonly ask: Ask | undefined;
  readonly print: (line: string) => void;
  readonly fetch: typeof fetch;
}

/** Throws `DeployError`. What was done until then stays; running again is safe. */
export const deploy = async (options: DeployOptions, world: World): Promise<void> => {
  if (options.dryRun) return describe(options, world);
  const { print } = world;
  print('1. Checking what is needed');
  const builder = options.renew ? {} : await checkBuilder(world);
  await checkAccount(world);
  const deployed = await deployedSecrets(world);

  print('2. Login of Claude');
  const login = await findLogin(world);
  print(describeLogin(login));

  print('3. Key of this server');
  const key = await chooseKey({ options, deployed }, world);
  print(`   ${key.about}`);
  const stateKey = chooseStateKey(world.env['STATE_KEY']?.trim(), deployed);

  print(`4. ${options.renew ? 'Address of what is deployed' : 'Building and deploying'}`);
  const url = await upload(options, builder, world);
  // After the upload: only then is there a Worker to hold them. Until it has a key it refuses everything.
  print('5. Secrets');
  await setSecrets(secretsFor({ login, key, stateKey }, deployed), world);

  print('6. Waiting until it serves');
  await waitUntilServing(url, { key: key.value, wake: !isUnknown(key), seconds: options.waitSeconds }, world);
  print(closing(url, key));
};

/** Throws where wrangler fails, with what usually helps. */
const upload = async (
  { renew, allowNoKey }: DeployOptions,
  builder: Readonly<Record<string, string>>,
  { run, env }: World,
): Promise<string> => {
  if (renew)
    return addressOf(
      env['PROXY_URL'] ?? '',
      'Set PROXY_URL to the address of the deployment: PROXY_URL=https://… npm run deploy -- --renew',
    );
  const { code, stdout, stderr } = await run('wrangler', deployArguments(allowNoKey), { show: true, env: builder });
  if (code !== 0) throw new DeployError(`wrangler deploy failed (exit code ${code}). ${adviceFor(stdout + stderr)}`);
  return addressOf(
    stdout,
    'wrangler has deployed, but printed no address (workers_dev is off?): PROXY_URL=https://… npm run deploy -- --renew sets the secrets there.',
  );
};

const deployArguments = (allowNoKey: boolean): readonly string[] => [
  'deploy',
  ...(allowNoKey ? ['--var', 'ALLOW_NO_KEY:1'] : []),
];

const addressOf = (output: string, otherwise: string): string => {
  const url = /^\s*(https?:\/\/\S+)\s*$/m.exec(output)?.[1];
  if (url === undefined) throw new DeployError(otherwise);
  return url.replace(/\/$/, '');
};

const adviceFor = (output: string): string => {
  if (/docker/i.test(output)) return 'Its output speaks of Docker: is it running? (docker info)';
  if (/authenticat|not logged in|10000/i.test(output)) return 'Log in again: npx wrangler login';
  if (/paid|plan|not entitled|unauthorized/i.test(output))
    return 'Containers need the Workers Paid plan: https://dash.cloudflare.com/?to=/:account/workers/plans';
  return 'Its output above has the reason.';
};

// The key that stays is known to its owner alone.
const isUnknown = ({ secret }: ProxyKey): boolean => secret === undefined;

const closing = (url: string, key: ProxyKey): string => `
${isUnknown(key) ? `The Worker answers at ${url}. No container was woken, since that needs your key; this line tries it:` : `It serves at ${url}`}

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
${isOpen(key) ? '' : `    -H 'authorization: Bearer ${key.value ?? '<your PROXY_API_KEY>'}' \\\n`}    -d '{"model":"sonnet","messages":[{"role":"user","content":"Hello"}]}'

Renew the login:  PROXY_URL=${url} npm run deploy -- --renew
Log:  npm run tail`;

const isOpen = ({ secret }: ProxyKey): boolean => secret === null;

const describe = async (options: DeployOptions, world: World): Promise<void> => {
  const { print } = world;
  const login = await findLogin({ ...world, ask: undefined }).catch(firstLine);
  const isLogin = typeof login !== 'string';
  print(`This would happen:
1. docker info (or podman), wrangler whoami --json, wrangler containers list: are Docker, an account and the plan there?
2. Login of Claude: ${isLogin ? login.from : login}
3. Key: ${world.env['PROXY_API_KEY'] ? 'PROXY_API_KEY of the environment' : options.allowNoKey ? 'none, as was said' : 'the deployed one, or a new one'}
4. ${options.renew ? 'nothing is built' : `wrangler ${deployArguments(options.allowNoKey).join(' ')}`}
5. wrangler secret bulk (values over standard input): ${isLogin ? login.secret : 'the login'}, PROXY_API_KEY${isLogin && login.secret === 'CLAUDE_OAUTH_CREDS' ? ', STATE_KEY' : ''}
6. GET <address>/ping, then /health?wake=1 until it serves, for at most ${options.waitSeconds} s
Nothing was done.`);
};

const firstLine = (error: unknown): string => {
  if (!(error instanceof DeployError)) throw error;
  return error.message.split('\n', 1)[0] ?? '';
};
