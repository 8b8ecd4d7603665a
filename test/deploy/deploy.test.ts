/** `npm run deploy`, started as a user starts it, with stand-ins for wrangler and docker that record what they were asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: string;
}
type Script = Record<string, { code?: number; stdout?: string; stderr?: string }>;

let dir: string;
let server: Server;
let address: string;
/** What the deployment answers to `/health?wake=1`, one after the other; the last stays. */
let health: { status: number; body: object }[];
let asked: { path: string | undefined; key: string | undefined }[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'deploy-'));
  await mkdir(join(dir, 'bin'));
  for (const program of ['wrangler', 'docker', 'podman', 'security']) {
    await copyFile(join(here, 'programs/record.mjs'), join(dir, 'bin', program));
    await chmod(join(dir, 'bin', program), 0o755);
  }
  health = [{ status: 200, body: { status: 'ok' } }];
  asked = [];
  server = createServer((request, response) => {
    asked.push({ path: request.url, key: request.headers.authorization });
    if (request.url === '/ping') return response.end('{}');
    const { status, body } = (health.length > 1 ? health.shift() : health[0]) ?? { status: 500, body: {} };
    return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

const ready = (): Script => ({
  'wrangler whoami': { stdout: '{"email":"me@example.com","accounts":[{"name":"Mine"}]}' },
  'wrangler secret list': { stdout: '[]' },
  'wrangler deploy': { stdout: `Uploaded opencode-claude-proxy\nDeployed triggers\n  ${address}\n` },
});

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly calls: readonly Call[];
}

const run = async (args: readonly string[], { script = {}, env = {} }: { script?: Script; env?: Record<string, string> } = {}): Promise<Outcome> => {
  await writeFile(join(dir, 'script.json'), JSON.stringify({ ...ready(), ...script }));
  await writeFile(join(dir, 'record'), '');
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'scripts/deploy.ts'), ...args], {
    env: { PATH: `${join(dir, 'bin')}:${join(root, 'node_modules/.bin')}:${process.env['PATH']}`, HOME: dir, RECORD: join(dir, 'record'), SCRIPT: join(dir, 'script.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  const calls = (await readFile(join(dir, 'record'), 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Call);
  return { code, output, calls };
};

const lines = (calls: readonly Call[]): readonly string[] => calls.map(({ program, args }) => [program, ...args].join(' '));
const secretsOf = (calls: readonly Call[]): Record<string, string | null> =>
  JSON.parse(calls.find(({ args }) => args.includes('bulk'))?.input ?? 'null') as Record<string, string | null>;
const TOKEN = { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-very-secret' };

describe('npm run deploy', { timeout: 120_000 }, () => {
  it('checks, deploys, sets the secrets over standard input, waits, and prints a line that works', async () => {
    health = [{ status: 503, body: { error: { message: 'The platform is still provisioning the first containers' } } }, { status: 200, body: { status: 'ok' } }];
    const { code, output, calls } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([0, expect.stringContaining(`It serves at ${address}`)]);
    expect(lines(calls)).toEqual(['docker info', 'wrangler whoami --json', 'wrangler containers list', 'wrangler secret list --format json', 'wrangler deploy', 'wrangler secret bulk']);
    const secrets = secretsOf(calls);
    expect(Object.keys(secrets).toSorted()).toEqual(['CLAUDE_CODE_OAUTH_TOKEN', 'PROXY_API_KEY']);
    expect(secrets['CLAUDE_CODE_OAUTH_TOKEN']).toBe(TOKEN.CLAUDE_CODE_OAUTH_TOKEN);
    expect(secrets['PROXY_API_KEY']).toMatch(/^pk-.{32}$/);
    expect(output).toContain(`authorization: Bearer ${secrets['PROXY_API_KEY']}`);
    expect(output).toContain('still provisioning');
    expect(asked.at(-1)).toEqual({ path: '/health?wake=1', key: `Bearer ${secrets['PROXY_API_KEY']}` });
  });

  it('never has a secret in an argument or in its output, but for a new key, once', async () => {
    const { output, calls } = await run(['--yes'], { env: TOKEN });
    const key = secretsOf(calls)['PROXY_API_KEY'] ?? '';
    expect(lines(calls).join('\n')).not.toMatch(/very-secret|pk-/);
    expect(output).not.toContain('very-secret');
    expect(output.split(key)).toHaveLength(2);
  });

  it('uses the Claude Code login of this machine, says what sharing it means, and adds the key that seals it', async () => {
    const file = { claudeAiOauth: { accessToken: 'at-secret', refreshToken: 'rt-secret', expiresAt: 1 } };
    await mkdir(join(dir, '.claude'));
    await writeFile(join(dir, '.claude/.credentials.json'), JSON.stringify(file));
    const { code, output, calls } = await run(['--yes']);
    expect(code).toBe(0);
    const secrets = secretsOf(calls);
    expect(JSON.parse(secrets['CLAUDE_OAUTH_CREDS'] ?? '')).toEqual(file);
    expect(Buffer.from(secrets['STATE_KEY'] ?? '', 'base64')).toHaveLength(32);
    expect(output).toContain('a refresh by one logs the other out');
    expect(output).not.toMatch(/at-secret|rt-secret/);
  });

  it('run again keeps key and STATE_KEY, and removes the other login', async () => {
    const script = { 'wrangler secret list': { stdout: '[{"name":"PROXY_API_KEY"},{"name":"STATE_KEY"},{"name":"CLAUDE_OAUTH_CREDS"}]' } };
    const { code, output, calls } = await run(['--yes'], { env: TOKEN, script });
    expect(code).toBe(0);
    expect(secretsOf(calls)).toEqual({ CLAUDE_CODE_OAUTH_TOKEN: TOKEN.CLAUDE_CODE_OAUTH_TOKEN, CLAUDE_OAUTH_CREDS: null });
    expect(output).toContain('<your PROXY_API_KEY>');
  });

  it('--renew sets secrets only', async () => {
    const { code, calls } = await run(['--yes', '--renew'], { env: { ...TOKEN, PROXY_URL: `${address}/`, PROXY_API_KEY: 'a-long-enough-key-1,another-long-enough-key' } });
    expect(code).toBe(0);
    expect(lines(calls)).not.toContain('wrangler deploy');
    expect(secretsOf(calls)['PROXY_API_KEY']).toBe('a-long-enough-key-1,another-long-enough-key');
    expect(asked.at(-1)?.key).toBe('Bearer a-long-enough-key-1');
  });

  it('without a key only when that is said', async () => {
    const { code, calls, output } = await run(['--yes', '--allow-no-key'], { env: TOKEN });
    expect([code, output]).toMatchObject([0, expect.stringContaining('whoever finds the address can use it')]);
    expect(lines(calls)).toContain('wrangler deploy --var ALLOW_NO_KEY:1');
    expect(secretsOf(calls)).not.toHaveProperty('PROXY_API_KEY');
    const refused = await run([], { env: TOKEN });
    expect([refused.code, refused.output]).toMatchObject([1, expect.stringContaining('A public address needs a key')]);
    expect(lines(refused.calls)).not.toContain('wrangler deploy');
  });

  it('--dry-run shows every step and starts nothing', async () => {
    const { code, output, calls } = await run(['--dry-run'], { env: TOKEN });
    expect(code).toBe(0);
    expect(calls).toEqual([]);
    for (const step of ['docker info', 'wrangler whoami', 'CLAUDE_CODE_OAUTH_TOKEN of the environment', 'wrangler deploy', 'wrangler secret bulk', '/health?wake=1', 'Nothing was done']) expect(output).toContain(step);
    expect(output).not.toContain('very-secret');
  });

  const failures: readonly { title: string; script?: Script; env?: Record<string, string>; args?: readonly string[]; says: string; before: string }[] = [
    { title: 'Docker does not run', script: { 'docker info': { code: 1 } }, says: 'docker does not run', before: 'wrangler deploy' },
    { title: 'there is no docker', env: { WRANGLER_DOCKER_BIN: 'no-such-program' }, says: 'was not found. Install Docker', before: 'wrangler deploy' },
    { title: 'nobody is logged in', script: { 'wrangler whoami': { code: 1 } }, says: 'npx wrangler login', before: 'wrangler deploy' },
    { title: 'there are several accounts', script: { 'wrangler whoami': { stdout: '{"accounts":[{"name":"A"},{"name":"B"}]}' } }, says: 'CLOUDFLARE_ACCOUNT_ID', before: 'wrangler deploy' },
    { title: 'the plan has no containers', script: { 'wrangler containers list': { code: 1 } }, says: 'Workers Paid plan', before: 'wrangler deploy' },
    { title: 'there is no login', env: { CLAUDE_CODE_OAUTH_TOKEN: '' }, says: 'No login of Claude was found', before: 'wrangler deploy' },
    { title: 'the key is short', env: { PROXY_API_KEY: 'short' }, says: 'at least 16 characters', before: 'wrangler deploy' },
    { title: 'the upload fails', script: { 'wrangler deploy': { code: 1, stderr: 'The Docker CLI could not be launched' } }, says: 'is it running? (docker info)', before: 'wrangler secret bulk' },
    { title: 'the secrets are refused', script: { 'wrangler secret bulk': { code: 1, stderr: 'bad value sk-ant-oat01-very-secret' } }, says: 'bad value …', before: 'nothing' },
    { title: 'an option is not known', args: ['--nonsense'], says: 'usage: npm run deploy', before: 'docker info' },
  ];
  it.each(failures)('says what to do when $title', async ({ script = {}, env = {}, args = ['--yes'], says, before }) => {
    const { code, output, calls } = await run(args, { script, env: { ...TOKEN, ...env } });
    expect([code, output]).toEqual([1, expect.stringContaining(says)]);
    expect(lines(calls)).not.toContain(before);
    expect(output).not.toMatch(/very-secret|\n\s+at /);
  });

  it('says so when the server refuses its login, and when it does not serve in time', async () => {
    health = [{ status: 503, body: { error: { message: 'The server in the container refused its settings: CLAUDE_OAUTH_CREDS is not JSON' } } }];
    const refused = await run(['--yes'], { env: TOKEN });
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('CLAUDE_OAUTH_CREDS is not JSON')]);
    health = [{ status: 503, body: { error: { message: 'No container instance is free' } } }];
    const late = await run(['--yes', '--wait=1'], { env: TOKEN });
    expect([late.code, late.output]).toEqual([1, expect.stringContaining('The last answer: No container instance is free')]);
  });

  it('uses podman in the place of docker', async () => {
    const { code, calls } = await run(['--yes'], { env: { ...TOKEN, WRANGLER_DOCKER_BIN: 'podman' } });
    expect(code).toBe(0);
    expect(lines(calls)[0]).toBe('podman info');
  });
});
