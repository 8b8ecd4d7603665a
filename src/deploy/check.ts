/** Is everything there that a deployment needs? Each failure says what to do. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { World } from './deploy.ts';
import { DeployError } from './errors.ts';
import { outputOf, parseOutput } from './output.ts';
import type { Ran } from './programs.ts';
import { isPackage, ownCommand } from '../util/own-command.ts';

/** Takes wrangler's calls of docker to podman. */
const PODMAN_FOR_WRANGLER = fileURLToPath(new URL('../../src/deploy/podman.sh', import.meta.url));

/** What wrangler needs in its environment, so that it builds with what is here: Docker, or podman in its place. */
export const checkBuilder = async (world: World): Promise<Readonly<Record<string, string>>> => {
  const named = world.env['WRANGLER_DOCKER_BIN'];
  const program = await firstOf(named ? [named] : ['docker', 'podman'], world);
  const { stdout } = await world.run(program, ['--version']);
  world.print(`   ${program}: runs`);
  // Also where the program is called docker: Debian's package podman-docker is such a one.
  const isPodman = /podman/i.test(stdout) && program !== PODMAN_FOR_WRANGLER;
  return isPodman ? { WRANGLER_DOCKER_BIN: PODMAN_FOR_WRANGLER, PODMAN: program } : {};
};

const firstOf = async (programs: readonly string[], { run }: World): Promise<string> => {
  for (const program of programs) {
    const { code } = await run(program, ['info']);
    if (code === 127) continue;
    if (code !== 0)
      throw new DeployError(
        `${program} does not run. Start it (Docker Desktop, or: sudo systemctl start docker) and ` +
          `run ${ownCommand('deploy')} again; or use podman: WRANGLER_DOCKER_BIN=podman ${ownCommand('deploy')}.`,
      );
    return program;
  }
  throw new DeployError(
    `${programs.join(' or ')} was not found. Install Docker (https://docs.docker.com/get-docker/) or podman.`,
  );
};

const NO_WRANGLER = isPackage()
  ? 'npx was not found, which fetches wrangler. Install npm, or name a wrangler of yours: WRANGLER=/path/to/wrangler.'
  : 'wrangler was not found. Run npm ci, then npm run deploy.';

interface WhoAmI {
  readonly email?: string;
  readonly accounts?: readonly { readonly id?: string; readonly name: string }[];
}

/** `upload`: a Worker will be uploaded, which needs an address. */
export const checkAccount = async (world: World, { upload }: { readonly upload: boolean }): Promise<void> => {
  const { run, env, print } = world;
  const who = await run('wrangler', ['whoami', '--json']);
  if (who.code === 127) throw new DeployError(NO_WRANGLER);
  if (who.code !== 0)
    throw new DeployError('Nobody is logged in at Cloudflare. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.');
  const { email = 'an API token', accounts = [] } = parseOutput<WhoAmI>('wrangler whoami --json', who);
  if (accounts.length > 1 && !env['CLOUDFLARE_ACCOUNT_ID']) {
    throw new DeployError(
      `There are several accounts (${accounts.map(({ name }) => name).join(', ')}). ` +
        `Set CLOUDFLARE_ACCOUNT_ID to the one to use (npx wrangler whoami).`,
    );
  }
  print(`   Cloudflare: ${email}, account ${accounts[0]?.name ?? ''}`);
  const containers = await run('wrangler', ['containers', 'list']);
  if (containers.code !== 0) throw new DeployError(noContainers(containers));
  print('   Containers: available');
  // With an address of one's own there need be no other.
  if (upload && !env['PROXY_URL']) await checkSubdomain(env['CLOUDFLARE_ACCOUNT_ID'] || (accounts[0]?.id ?? ''), world);
};

/** wrangler finds out only after it has built the image, and cannot ask then. */
const checkSubdomain = async (account: string, { run, env, print, fetch }: World): Promise<void> => {
  const auth = await run('wrangler', ['auth', 'token', '--json']);
  const token = auth.code === 0 ? parseOutput<{ token?: string }>('wrangler auth token --json', auth).token : undefined;
  if (account === '' || token === undefined) return print('   workers.dev subdomain: not looked up');
  const api = env['CLOUDFLARE_API_BASE_URL'] || 'https://api.cloudflare.com/client/v4';
  const answer = await fetch(`${api}/accounts/${account}/workers/subdomain`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => undefined);
  const { result, errors } = subdomainAnswer.catch({}).parse(await answer?.json().catch(() => undefined));
  if (errors?.some(({ code }) => code === NO_SUBDOMAIN))
    throw new DeployError(
      `The account has no workers.dev subdomain yet. ` +
        `Choose one at https://dash.cloudflare.com/${account}/workers/onboarding, ` +
        `then run ${ownCommand('deploy')} again.`,
    );
  // Anything else is no reason to stop here: wrangler will say what it is.
  print(`   workers.dev subdomain: ${result?.subdomain ?? `not looked up (${answer?.status ?? 'no answer'})`}`);
};

const NO_SUBDOMAIN = 10007;
const subdomainAnswer = z.looseObject({
  result: z.looseObject({ subdomain: z.string() }).nullish(),
  errors: z.array(z.looseObject({ code: z.number() })).optional(),
});

const PLAN =
  'Containers need the Workers Paid plan ($5 a month): https://dash.cloudflare.com/?to=/:account/workers/plans';

/** Without the plan and without the permission the platform answers alike; a network that is down says so itself. */
const noContainers = (ran: Ran): string => {
  const said = outputOf(ran);
  const advice = /unauthorized|authenticat|forbidden|paid|plan|entitle/i.test(said)
    ? `\n${PLAN}\nIf the account has it: the login needs the permission for Containers ` +
      `(npx wrangler login, or an API token with Containers: Edit).`
    : '';
  const failed = `The account's containers could not be listed (wrangler containers list, exit code ${ran.code})`;
  return `${failed}:\n${said}${advice}`;
};
