/** Is everything there that a deployment needs? Each failure says what to do. */
import { DeployError } from './errors.ts';
import type { World } from './deploy.ts';

/** wrangler builds the image with the program that WRANGLER_DOCKER_BIN names; podman works in Docker's place. */
export const checkDocker = async ({ run, env, print }: World): Promise<void> => {
  const program = env['WRANGLER_DOCKER_BIN'] ?? 'docker';
  const { code } = await run(program, ['info']);
  if (code === 127) throw new DeployError(`${program} was not found. Install Docker (https://docs.docker.com/get-docker/), or podman and set WRANGLER_DOCKER_BIN=podman.`);
  if (code !== 0) throw new DeployError(`${program} does not run. Start it (Docker Desktop, or: sudo systemctl start docker) and run npm run deploy again.`);
  print(`   ${program}: runs`);
};

interface WhoAmI {
  readonly email?: string;
  readonly accounts?: readonly { readonly name: string }[];
}

export const checkAccount = async ({ run, env, print }: World): Promise<void> => {
  const who = await run('wrangler', ['whoami', '--json']);
  if (who.code === 127) throw new DeployError('wrangler was not found. Run npm ci, then npm run deploy.');
  if (who.code !== 0) throw new DeployError('Nobody is logged in at Cloudflare. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.');
  const { email = 'an API token', accounts = [] } = JSON.parse(who.stdout) as WhoAmI;
  if (accounts.length > 1 && !env['CLOUDFLARE_ACCOUNT_ID']) {
    throw new DeployError(`There are several accounts (${accounts.map(({ name }) => name).join(', ')}). Set CLOUDFLARE_ACCOUNT_ID to the one to use (npx wrangler whoami).`);
  }
  print(`   Cloudflare: ${email}, account ${accounts[0]?.name ?? ''}`);
  const containers = await run('wrangler', ['containers', 'list']);
  if (containers.code !== 0) {
    throw new DeployError('This account may not use Containers. They need the Workers Paid plan ($5 a month): https://dash.cloudflare.com/?to=/:account/workers/plans');
  }
  print('   Containers: available');
};
