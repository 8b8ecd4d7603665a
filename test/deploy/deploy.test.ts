/** `npm run deploy`, started as a user starts it, with stand-ins for wrangler and docker that record what they were asked. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  lines,
  root,
  secretsOf,
  startDeployLab,
  TOKEN,
  VERSION,
  type DeployLab,
  type Given,
  type Outcome,
} from './lab.ts';

let lab: DeployLab;
beforeEach(async () => {
  lab = await startDeployLab();
});
afterEach(() => lab.close());
const run = (args: readonly string[], given?: Given): Promise<Outcome> => lab.run(args, given);

/** A version with other secrets, at once. */
const renewal = [
  'wrangler versions secret bulk',
  `wrangler versions deploy ${VERSION}@100 --yes --durable-objects-code-update-mode immediate`,
];

describe('npm run deploy', { timeout: 120_000 }, () => {
  it('checks, deploys, sets the secrets over standard input, waits, and prints a line that works', async () => {
    lab.deployment.health = [
      { status: 503, body: { error: { message: 'The platform is still provisioning the first containers' } } },
      { status: 200, body: { status: 'ok' } },
    ];
    const { code, output, calls } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([0, expect.stringContaining(`It serves at ${lab.deployment.address}`)]);
    expect(lines(calls)).toEqual([
      'docker info',
      'docker --version',
      'wrangler whoami --json',
      'wrangler containers list',
      'wrangler auth token --json',
      'wrangler secret list --format json',
      'wrangler deploy --secrets-file /dev/stdin',
    ]);
    const secrets = secretsOf(calls);
    expect(Object.keys(secrets).toSorted()).toEqual([
      'CLAUDE_CODE_OAUTH_TOKEN',
      'PROXY_API_KEY',
      'PROXY_ENCRYPTION_KEY',
    ]);
    expect(secrets['CLAUDE_CODE_OAUTH_TOKEN']).toBe(TOKEN.CLAUDE_CODE_OAUTH_TOKEN);
    expect(secrets['PROXY_API_KEY']).toMatch(/^pk-.{32}$/);
    expect(output).toContain(`authorization: Bearer ${secrets['PROXY_API_KEY']}`);
    expect(output).toContain('still provisioning');
    expect(output).toContain(`PROXY_URL=${lab.deployment.address} npm run deploy -- --renew`);
    expect(lab.deployment.asked.slice(-2)).toEqual(
      ['/health?wake=1', '/v1/messages/count_tokens'].map((path) => ({
        path,
        key: `Bearer ${secrets['PROXY_API_KEY']}`,
      })),
    );
  });

  it('never has a secret in an argument or in its output, but for a new key: when it is made, and in the line that tries it', async () => {
    const { output, calls } = await run(['--yes'], { env: TOKEN });
    const key = secretsOf(calls)['PROXY_API_KEY'] ?? '';
    expect(lines(calls).join('\n')).not.toMatch(/very-secret|pk-/);
    expect(output).not.toContain('very-secret');
    expect(output.split(key)).toHaveLength(3);
  });

  it('uses the Claude Code login of this machine, says what sharing it means, and adds the key that seals it', async () => {
    const file = { claudeAiOauth: { accessToken: 'at-secret', refreshToken: 'rt-secret', expiresAt: 1 } };
    await mkdir(join(lab.dir, '.claude'));
    await writeFile(join(lab.dir, '.claude/.credentials.json'), JSON.stringify(file));
    const { code, output, calls } = await run(['--yes']);
    expect(code).toBe(0);
    const secrets = secretsOf(calls);
    expect(JSON.parse(secrets['CLAUDE_OAUTH_CREDS'] ?? '')).toEqual(file);
    expect(Buffer.from(secrets['STATE_KEY'] ?? '', 'base64')).toHaveLength(32);
    expect(output).toContain('a refresh by one logs the other out');
    expect(output).not.toMatch(/at-secret|rt-secret/);
  });

  it('run again keeps the keys that are there, and removes the other login', async () => {
    const script = {
      'wrangler secret list': {
        stdout: JSON.stringify(
          ['PROXY_API_KEY', 'STATE_KEY', 'PROXY_ENCRYPTION_KEY', 'CLAUDE_OAUTH_CREDS'].map((name) => ({ name })),
        ),
      },
    };
    const { code, output, calls } = await run(['--yes'], { env: TOKEN, script });
    expect(code).toBe(0);
    expect(secretsOf(calls)).toEqual({
      CLAUDE_CODE_OAUTH_TOKEN: TOKEN.CLAUDE_CODE_OAUTH_TOKEN,
      CLAUDE_OAUTH_CREDS: null,
    });
    // A deployment removes no secret, so that takes a version of its own.
    expect(lines(calls).slice(-3)).toEqual(['wrangler deploy --secrets-file /dev/stdin', ...renewal]);
    expect(output).toContain('<your PROXY_API_KEY>');
    // Only its owner knows the key, so nothing more is claimed than was seen.
    expect(output).toContain(`The Worker answers at ${lab.deployment.address}. Nothing more was tried`);
    expect(output).not.toContain('It serves');
    expect(lab.deployment.asked.map(({ path }) => path)).toEqual(['/ping']);
  });

  it('takes a STATE_KEY from the environment', async () => {
    const STATE_KEY = Buffer.alloc(32, 7).toString('base64');
    const CLAUDE_OAUTH_CREDS = '{"claudeAiOauth":{"accessToken":"at"}}';
    const { calls } = await run(['--yes'], { env: { STATE_KEY, CLAUDE_OAUTH_CREDS } });
    expect(secretsOf(calls)).toMatchObject({ STATE_KEY, CLAUDE_OAUTH_CREDS });
  });

  it('--renew sets secrets only, in a version that reaches what runs at once', async () => {
    const { code, calls } = await run(['--yes', '--renew'], {
      env: {
        ...TOKEN,
        PROXY_URL: `${lab.deployment.address}/`,
        PROXY_API_KEY: 'a-long-enough-key-1,another-long-enough-key',
      },
    });
    expect(code).toBe(0);
    expect(lines(calls).slice(-2)).toEqual(renewal);
    expect(lines(calls).join()).not.toContain('wrangler deploy');
    expect(secretsOf(calls)['PROXY_API_KEY']).toBe('a-long-enough-key-1,another-long-enough-key');
    expect(lab.deployment.asked.at(-1)?.key).toBe('Bearer a-long-enough-key-1');
  });

  it('without a key only when that is said', async () => {
    const { code, calls, output } = await run(['--yes', '--allow-no-key'], { env: TOKEN });
    expect([code, output]).toMatchObject([0, expect.stringContaining('whoever finds the address can use it')]);
    expect(lines(calls)).toContain('wrangler deploy --secrets-file /dev/stdin --var ALLOW_NO_KEY:1');
    expect(secretsOf(calls)).not.toHaveProperty('PROXY_API_KEY');
    expect(lab.deployment.asked.at(-2)).toEqual({ path: '/health?wake=1', key: undefined });
    expect(output).toContain(`It serves at ${lab.deployment.address}`);
    expect(output).not.toContain('authorization:');
    const refused = await run([], { env: TOKEN });
    expect([refused.code, refused.output]).toMatchObject([1, expect.stringContaining('A public address needs a key')]);
    expect(lines(refused.calls).join()).not.toContain('wrangler deploy');
  });

  it('--dry-run shows every step, lets wrangler check the build, and does nothing', async () => {
    const { code, output, calls } = await run(['--dry-run'], { env: TOKEN });
    expect(code).toBe(0);
    expect(lines(calls)).toEqual([
      'docker info',
      'docker --version',
      'wrangler deploy --dry-run --containers-rollout=none',
    ]);
    for (const step of [
      'docker info',
      'wrangler whoami',
      'CLAUDE_CODE_OAUTH_TOKEN of the environment',
      'wrangler deploy --secrets-file',
      '/health?wake=1 and one count_tokens',
      'wrangler deploy --dry-run: fine',
      'Nothing was done',
    ])
      expect(output).toContain(step);
    expect(output).not.toContain('very-secret');
  });

  it('--dry-run says that Docker is missing, and what wrangler finds wrong', async () => {
    const script = { 'wrangler deploy': { code: 1, stderr: 'Unexpected field "vrs"' } };
    const { code, output } = await run(['--dry-run'], { env: TOKEN, without: ['docker', 'podman'], script });
    expect([code, output]).toEqual([0, expect.stringContaining('docker or podman was not found')]);
    expect(output).toContain('wrangler deploy --dry-run: Unexpected field "vrs"');
  });

  it('--dry-run says what is wrong with a login', async () => {
    const { output } = await run(['--dry-run'], { env: { CLAUDE_OAUTH_CREDS: 'very-secret' } });
    expect(output).toContain('2. Login of Claude: CLAUDE_OAUTH_CREDS is not JSON.');
    expect(output).not.toContain('very-secret');
  });

  const failures: readonly (Given & {
    title: string;
    args?: readonly string[];
    says: string;
    code?: number;
    before: string | undefined;
  })[] = [
    {
      title: 'Docker does not run',
      script: { 'docker info': { code: 1 } },
      says: 'docker does not run',
      before: 'wrangler deploy',
    },
    {
      title: 'there is no docker',
      env: { WRANGLER_DOCKER_BIN: 'no-such-program' },
      says: 'was not found. Install Docker',
      before: 'wrangler deploy',
    },
    {
      title: 'there is neither docker nor podman',
      without: ['docker', 'podman'],
      says: 'docker or podman was not found. Install Docker',
      before: 'wrangler deploy',
    },
    {
      title: 'nobody is logged in',
      script: { 'wrangler whoami': { code: 1 } },
      says: 'npx wrangler login',
      before: 'wrangler deploy',
    },
    {
      title: 'there are several accounts',
      script: { 'wrangler whoami': { stdout: '{"accounts":[{"name":"A"},{"name":"B"}]}' } },
      says: 'CLOUDFLARE_ACCOUNT_ID',
      before: 'wrangler deploy',
    },
    {
      title: 'containers cannot be listed',
      script: { 'wrangler containers list': { code: 1, stderr: '\u001B[31mThe network is down\u001B[0m' } },
      says: ':\nThe network is down\n',
      before: 'wrangler secret list',
    },
    {
      title: 'the secrets cannot be listed',
      script: { 'wrangler secret list': { code: 1, stderr: 'Internal [code: 10001]' } },
      says: 'Nothing was changed; run npm run deploy again.\nInternal [code: 10001]',
      before: 'wrangler deploy',
    },
    {
      title: 'wrangler says something else than JSON',
      script: { 'wrangler whoami': { stdout: 'There is a new version' } },
      says: 'did not print JSON but:\nThere is a new version',
      before: 'wrangler deploy',
    },
    {
      title: 'the login is not JSON',
      env: { CLAUDE_CODE_OAUTH_TOKEN: '', CLAUDE_OAUTH_CREDS: 'very-secret' },
      says: 'CLAUDE_OAUTH_CREDS is not JSON',
      before: 'wrangler deploy',
    },
    {
      title: 'the login is empty',
      env: {
        CLAUDE_CODE_OAUTH_TOKEN: '',
        CLAUDE_OAUTH_CREDS: '{"claudeAiOauth":{"accessToken":""},"x":"very-secret"}',
      },
      says: 'has no claudeAiOauth.accessToken',
      before: 'wrangler deploy',
    },
    {
      title: 'STATE_KEY is not 32 bytes',
      env: { STATE_KEY: 'very-secret' },
      says: 'STATE_KEY must be 32 bytes in base64',
      before: 'wrangler deploy',
    },
    {
      title: 'nobody says where to renew',
      args: ['--yes', '--renew'],
      says: 'Set PROXY_URL',
      before: renewal[0],
    },
    {
      title: 'a renewal shall take the key away',
      args: ['--yes', '--renew', '--allow-no-key'],
      says: 'use it without --renew',
      code: 2,
      before: 'wrangler whoami --json',
    },
    {
      title: 'the time to wait is no number',
      args: ['--yes', '--wait=abc'],
      says: 'It takes whole seconds',
      code: 2,
      before: 'docker info',
    },
    {
      title: 'there is no login',
      env: { CLAUDE_CODE_OAUTH_TOKEN: '' },
      says: 'No login of Claude was found',
      before: 'wrangler deploy',
    },
    {
      title: 'the key is short',
      env: { PROXY_API_KEY: 'short' },
      says: 'at least 16 characters',
      before: 'wrangler deploy',
    },
    {
      title: 'the upload fails for want of Docker',
      script: { 'wrangler deploy': { code: 1, stderr: 'The Docker CLI could not be launched' } },
      says: 'is Docker running? (docker info)',
      before: renewal[0],
    },
    {
      title: 'the upload fails for want of a subdomain, after a build that speaks of Docker',
      script: {
        'wrangler deploy': {
          code: 1,
          stdout: '#1 [internal] load build definition from Dockerfile',
          stderr: 'You need to register a workers.dev subdomain before publishing to workers.dev',
        },
      },
      says: 'needs a workers.dev subdomain',
      before: renewal[0],
    },
    {
      title: 'the upload fails for another reason, after a build that speaks of Docker and a plan',
      script: {
        'wrangler deploy': {
          code: 1,
          stdout: '#1 [internal] load build definition from Dockerfile\nplanning rollout',
          stderr: 'A request to the Cloudflare API failed.',
        },
      },
      says: 'wrangler deploy failed (exit code 1). Its output above has the reason.',
      before: renewal[0],
    },
    {
      title: 'the secrets are refused',
      args: ['--yes', '--renew'],
      env: { PROXY_URL: 'https://proxy.example', PROXY_API_KEY: 'a-long-enough-key-1' },
      script: { 'wrangler versions secret bulk': { code: 1, stderr: 'bad value sk-ant-oat01-very-secret' } },
      says: 'bad value …',
      before: renewal[1],
    },
    {
      title: 'the new secrets cannot be deployed',
      args: ['--yes', '--renew'],
      env: { PROXY_URL: 'https://proxy.example', PROXY_API_KEY: 'a-long-enough-key-1' },
      script: { 'wrangler versions deploy': { code: 1, stderr: 'Internal [code: 10001]' } },
      says: 'wrangler versions deploy, exit code 1): Internal',
      before: 'nothing',
    },
    {
      title: 'an option is not known',
      args: ['--nonsense'],
      code: 2,
      says: "unknown option '--nonsense'",
      before: 'docker info',
    },
  ];
  it.each(failures)(
    'says what to do when $title',
    async ({ script = {}, env = {}, without = [], args = ['--yes'], says, code: expected = 1, before }) => {
      const { code, output, calls } = await run(args, { script, without, env: { ...TOKEN, ...env } });
      expect([code, output]).toEqual([expected, expect.stringContaining(says)]);
      expect(lines(calls).some((line) => line.startsWith(before ?? 'none'))).toBe(false);
      expect(output).not.toMatch(/very-secret|\n\s+at /);
    },
  );

  const answered = (status: number, message: string) => [{ status, body: { error: { message } } }];

  it('says that it is deployed and does not serve, with an exit code, the address and the key', async () => {
    lab.deployment.health = answered(503, 'No container instance is free');
    const { code, output, calls } = await run(['--yes', '--wait=1'], { env: TOKEN });
    expect([code, output]).toEqual([3, expect.stringContaining('The last answer: No container instance is free')]);
    expect(output).toContain(`curl ${lab.deployment.address}/v1/chat/completions`);
    expect(output).toContain(`authorization: Bearer ${secretsOf(calls)['PROXY_API_KEY']}`);
    expect(output).not.toMatch(/^ *it serves/im);
  });

  it('has shown a new key before it is deployed, whatever becomes of that', async () => {
    const { code, output, calls } = await run(['--yes'], { env: TOKEN, script: { 'wrangler deploy': { code: 1 } } });
    expect([code, output]).toEqual([1, expect.stringContaining(secretsOf(calls)['PROXY_API_KEY'] ?? 'none')]);
  });

  it.each([
    'The server in the container refused its settings: CLAUDE_OAUTH_CREDS is not JSON',
    'Claude Code is not logged in',
  ])('gives up at once when waiting cannot help: %s', async (message) => {
    lab.deployment.health = answered(503, message);
    const { code, output } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([3, expect.stringContaining(`It is deployed and cannot serve: ${message}`)]);
  });

  it('gives up at once when Claude refuses the login', async () => {
    lab.deployment.counts = answered(401, 'OAuth token has expired');
    const { code, output } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([3, expect.stringContaining('Claude refuses the login: OAuth token has expired')]);
    expect(output).not.toMatch(/^ *it serves/im);
  });

  it('waits while the version from before answers with the key from before, and for a login that is just being moved', async () => {
    lab.deployment.health = [
      ...answered(401, 'The key is not one of this server'),
      ...answered(503, 'The login that is kept cannot be had now'),
      { status: 200, body: {} },
    ];
    lab.deployment.counts = [...answered(529, 'Overloaded'), { status: 200, body: { input_tokens: 8 } }];
    const { code, output } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([0, expect.stringContaining('   it serves\n')]);
    for (const heard of ['does not know this key', 'cannot be had now', 'Overloaded']) expect(output).toContain(heard);
  });

  it('finds out before the build that the account has no workers.dev subdomain', async () => {
    lab.deployment.api = { status: 404, body: { success: false, result: null, errors: [{ code: 10007 }] } };
    const { code, output, calls } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([1, expect.stringContaining('https://dash.cloudflare.com/4711/workers/onboarding')]);
    expect(lines(calls).join()).not.toContain('wrangler deploy');
    expect(output).not.toContain('cloudflare-token');
  });

  it('goes on when it cannot look that up', async () => {
    lab.deployment.api = { status: 500, body: {} };
    const { code, output } = await run(['--yes'], { env: TOKEN });
    expect([code, output]).toEqual([0, expect.stringContaining('workers.dev subdomain: not looked up (500)')]);
  });

  it('takes PROXY_URL where wrangler prints no address, and needs no subdomain then', async () => {
    lab.deployment.api = { status: 404, body: { success: false, result: null, errors: [{ code: 10007 }] } };
    const env = { ...TOKEN, PROXY_URL: lab.deployment.address };
    const { code, output } = await run(['--yes'], { env, script: { 'wrangler deploy': { stdout: 'Deployed' } } });
    expect([code, output]).toEqual([0, expect.stringContaining(`It serves at ${lab.deployment.address}`)]);
  });

  it.each([
    { title: 'it is named', given: { env: { WRANGLER_DOCKER_BIN: 'podman' } }, program: 'podman' },
    { title: 'it alone is there', given: { without: ['docker'] }, program: 'podman' },
    {
      title: 'it is called docker',
      given: { script: { 'docker --version': { stdout: 'podman version 4.3.1' } } },
      program: 'docker',
    },
  ])(
    'lets wrangler build with podman, by way of a script that speaks as docker does, when $title',
    async ({ given, program }: { given: Given; program: string }) => {
      const script = { 'podman --version': { stdout: 'podman version 5.5.0' }, ...given.script };
      const { code, output, calls } = await run(['--yes'], { ...given, script, env: { ...TOKEN, ...given.env } });
      expect([code, output]).toEqual([0, expect.stringContaining(`${program}: runs`)]);
      expect(calls.find(({ args }) => args[0] === 'deploy')).toMatchObject({
        builder: join(root, 'src/deploy/podman.sh'),
        podman: program,
      });
    },
  );

  it('prints address and key as JSON for programs, and the steps on standard error', async () => {
    const { code, out, calls } = await run(['--yes', '--json'], { env: TOKEN });
    const { PROXY_API_KEY } = secretsOf(calls);
    expect([code, JSON.parse(out)]).toEqual([0, { address: lab.deployment.address, key: PROXY_API_KEY }]);
    expect(JSON.parse((await run(['--dry-run', '--json'], { env: TOKEN })).out)).toEqual({ dryRun: true });
  });

  it('leaves wrangler alone with Docker', async () => {
    const { calls } = await run(['--yes'], { env: TOKEN });
    expect(calls.find(({ args }) => args[0] === 'deploy')).toMatchObject({ builder: null, podman: null });
  });
});
