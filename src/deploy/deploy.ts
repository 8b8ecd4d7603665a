/** The deployment as a story; each step in a file of its own. */
import { ownCommand } from '../util/own-command.ts';
import type { Ask } from './ask.ts';
import { checkAccount, checkBuilder } from './check.ts';
import { chooseKey, type ProxyKey } from './key.ts';
import { describeLogin, findLogin } from './login.ts';
import type { Run } from './programs.ts';
import {
  chooseEncryptionKey,
  chooseStateKey,
  deployedSecrets,
  describeSecrets,
  removed,
  renewSecrets,
  secretsFor,
  uploaded,
  type Secrets,
} from './secrets.ts';
import { DeployError } from './errors.ts';
import { LOG_COMMAND } from './log-command.ts';
import { outputOf } from './output.ts';
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
  /** What other programs say while they work. */
  readonly show: (text: string) => void;
  /** The Worker's source, where it lies outside of the folder that wrangler works in. */
  readonly worker?: string | undefined;
  readonly fetch: typeof fetch;
}

export interface Deployed {
  readonly address: string;
  /** Undefined where only its owner knows it, null where there is none. */
  readonly key: string | null | undefined;
}

/** Resolves to nothing after a dry run. Throws `DeployError`: what was done until then stays; running again is safe. */
export const deploy = async (options: DeployOptions, world: World): Promise<Deployed | undefined> => {
  if (options.dryRun) return describe(options, world);
  const { print } = world;
  print('1. Checking what is needed');
  const builder = options.renew ? {} : await checkBuilder(world);
  await checkAccount(world, { upload: !options.renew });
  const deployed = await deployedSecrets(world);

  print('2. Login of Claude');
  const login = await findLogin(world);
  print(describeLogin(login));

  print('3. Key of this server');
  const key = await chooseKey({ options, deployed }, world);
  print(`   ${key.about}`);
  const stateKey = chooseStateKey(world.env['STATE_KEY']?.trim(), deployed);
  const encryptionKey = chooseEncryptionKey(world.env['PROXY_ENCRYPTION_KEY']?.trim(), deployed);
  const secrets = secretsFor({ login, key, stateKey, encryptionKey }, deployed);

  const url = options.renew ? await renew(secrets, world) : await upload(options, { builder, secrets }, world);

  print('5. Waiting until it serves');
  print(howToUse(url, key));
  await waitUntilServing(url, { key: key.value, wake: !isUnknown(key), seconds: options.waitSeconds }, world);
  print(closing(url, key));
  return { address: url, key: key.value ?? (isOpen(key) ? null : undefined) };
};

const renew = async (secrets: Secrets, world: World): Promise<string> => {
  world.print('4. New secrets for what is deployed; answers that run now end with an error');
  const url = addressOf(
    world.env['PROXY_URL'] ?? '',
    `Set PROXY_URL to the address of the deployment: PROXY_URL=https://… ${ownCommand('deploy', '--renew')}`,
  );
  await renewSecrets(secrets, world);
  return url;
};

interface Upload {
  readonly builder: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
}

/**
 * Code and secrets in one version: no moment has one without the other. Throws where wrangler fails, with what
 * usually helps.
 */
const upload = async (options: DeployOptions, { builder, secrets }: Upload, world: World): Promise<string> => {
  const { run, env, print, show } = world;
  print('4. Building and deploying, with the secrets');
  const input = JSON.stringify(uploaded(secrets));
  const ran = await run('wrangler', deployArguments(options.allowNoKey, world), {
    input,
    inputAsFile: true,
    show,
    env: builder,
  });
  if (ran.code !== 0)
    throw new DeployError(`wrangler deploy failed (exit code ${ran.code}). ${adviceFor(ran.stdout + ran.stderr)}`);
  describeSecrets(uploaded(secrets)).forEach(print);
  await renewSecrets(removed(secrets), world);
  return addressOf(
    env['PROXY_URL'] ?? ran.stdout,
    `It is deployed, but wrangler printed no address (workers_dev is off?). With PROXY_URL=https://… in the ` +
      `environment ${ownCommand('deploy')} uses that one.`,
  );
};

const deployArguments = (allowNoKey: boolean, { worker }: Pick<World, 'worker'>): readonly string[] => [
  'deploy',
  ...(worker === undefined ? [] : [worker]),
  '--secrets-file',
  '/dev/stdin',
  ...(allowNoKey ? ['--var', 'ALLOW_NO_KEY:1'] : []),
];

const addressOf = (output: string, otherwise: string): string => {
  const url = /^\s*(https?:\/\/\S+)\s*$/m.exec(output)?.[1];
  if (url === undefined) throw new DeployError(otherwise);
  return url.replace(/\/$/, '');
};

/** By the words of a failure: each build speaks of Docker, and each deployment of a plan. */
const ADVICE: readonly (readonly [words: RegExp, advice: string])[] = [
  [
    new RegExp(
      'Docker CLI could not be launched|Cannot connect to the Docker daemon|docker daemon (is not )?running|' +
        'podman.*(not found|refused)',
      'i',
    ),
    'The image could not be built: is Docker running? (docker info)',
  ],
  [
    /workers\.dev subdomain/i,
    'The account needs a workers.dev subdomain: https://dash.cloudflare.com/?to=/:account/workers/onboarding',
  ],
  [/authentication error|not logged in|not authenticated|code: 10000\b/i, 'Log in again: npx wrangler login'],
  [
    /workers paid|paid plan|not entitled|unauthorized/i,
    'Containers need the Workers Paid plan: https://dash.cloudflare.com/?to=/:account/workers/plans',
  ],
];

const adviceFor = (output: string): string =>
  ADVICE.find(([words]) => words.test(output))?.[1] ?? 'Its output above has the reason.';

// The key that stays is known to its owner alone.
const isUnknown = ({ secret }: ProxyKey): boolean => secret === undefined;

// Before the wait, which may fail or be left: the address and the key are worth having in any case.
const howToUse = (url: string, key: ProxyKey): string => `   At ${url}; this line tries it:

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
${authorizationLine(key)}    -d '{"model":"sonnet","messages":[{"role":"user","content":"Hello"}]}'
`;

const UNTRIED = 'Nothing more was tried, since that needs your key; the line above does.';

const authorizationLine = (key: ProxyKey): string =>
  isOpen(key) ? '' : `    -H 'authorization: Bearer ${key.value ?? '<your PROXY_API_KEY>'}' \\\n`;

const closing = (url: string, key: ProxyKey): string => `
${isUnknown(key) ? `The Worker answers at ${url}. ${UNTRIED}` : `It serves at ${url}`}

Renew the login:  PROXY_URL=${url} ${ownCommand('deploy', '--renew')}
Log:  ${LOG_COMMAND}`;

const isOpen = ({ secret }: ProxyKey): boolean => secret === null;

const describe = async (options: DeployOptions, world: World): Promise<undefined> => {
  const { print } = world;
  const login = await findLogin({ ...world, ask: undefined }).catch(firstLine);
  const isLogin = typeof login !== 'string';
  const names = [
    isLogin ? login.secret : 'the login',
    'PROXY_API_KEY',
    ...(isLogin && login.secret === 'CLAUDE_OAUTH_CREDS' ? ['STATE_KEY'] : []),
  ].join(', ');
  print(`This would happen:
1. docker info (or podman), wrangler whoami --json, wrangler containers list:
   are Docker, an account, the plan and a workers.dev subdomain there?
2. Login of Claude: ${isLogin ? login.from : login}
3. Key: ${keyToBe(options, world)}
4. ${commandsToBe(options, world)} (values over standard input): ${names}
5. GET <address>/ping, then /health?wake=1 and one count_tokens, until it serves, for at most
   ${options.waitSeconds} s`);
  if (!options.renew) await checkBuild(world);
  print('Nothing was done.');
  return undefined;
};

const keyToBe = ({ allowNoKey }: DeployOptions, { env }: World): string => {
  if (env['PROXY_API_KEY']) return 'PROXY_API_KEY of the environment';
  return allowNoKey ? 'none, as was said' : 'the deployed one, or a new one';
};

const commandsToBe = ({ renew: renewal, allowNoKey }: DeployOptions, world: World): string =>
  renewal
    ? 'wrangler versions secret bulk, wrangler versions deploy'
    : `wrangler ${deployArguments(allowNoKey, world).join(' ')}`;

/** What can be found out here, without an account. */
const checkBuild = async (world: World): Promise<void> => {
  await checkBuilder(world).catch((error: unknown) => world.print(`   ${firstLine(error)}`));
  const ran = await world.run('wrangler', [
    'deploy',
    ...(world.worker === undefined ? [] : [world.worker]),
    '--dry-run',
    '--containers-rollout=none',
  ]);
  world.print(ran.code === 0 ? '   wrangler deploy --dry-run: fine' : `   wrangler deploy --dry-run: ${outputOf(ran)}`);
};

const firstLine = (error: unknown): string => {
  if (!(error instanceof DeployError)) throw error;
  return error.message.split('\n', 1)[0] ?? '';
};
