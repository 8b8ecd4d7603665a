/** What the real wrangler says when Cloudflare's API answers so or so: the deploy script reads its words. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkAccount } from '../../src/deploy/check.ts';
import type { World } from '../../src/deploy/deploy.ts';
import { runProgram } from '../../src/deploy/programs.ts';
import { deployedSecrets, renewSecrets } from '../../src/deploy/secrets.ts';
import { root, VERSION } from './lab.ts';

let api: Server;
let dir: string;
let answer: { status: number; body: object } | ((call: string) => { status: number; body: object });
const asked: { call: string; body: string }[] = [];
let world: World;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wrangler-'));
  asked.length = 0;
  api = createServer((request, response) => {
    const call = `${request.method} ${request.url?.replace(`/accounts/${'0'.repeat(32)}`, '')}`;
    void text(request).then((body) => {
      asked.push({ call, body });
      const { status, body: said } = typeof answer === 'function' ? answer(call) : answer;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const env = {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    CLOUDFLARE_API_TOKEN: 'token',
    CLOUDFLARE_ACCOUNT_ID: '0'.repeat(32),
    WRANGLER_SEND_METRICS: 'false',
    XDG_CONFIG_HOME: dir,
    CI: '1',
  };
  world = {
    env,
    home: dir,
    platform: 'linux',
    ask: undefined,
    fetch,
    print: () => undefined,
    show: () => undefined,
    run: async (program, args, options) =>
      args[0] === 'whoami'
        ? { code: 0, stdout: '{"accounts":[{"name":"Mine"}]}', stderr: '' }
        : runProgram(join(root, 'node_modules/.bin', program), args, { ...options, env }),
  };
});
afterEach(async () => {
  api.close();
  await rm(dir, { recursive: true });
});
const failure = (status: number, code: number, message: string) => ({
  status,
  body: { success: false, result: null, messages: [], errors: [{ code, message }] },
});

it('a Worker that does not exist yet has no secrets', async () => {
  answer = failure(404, 10007, 'This Worker does not exist on your account.');
  expect(await deployedSecrets(world)).toEqual(new Set());
});

it('a Worker that exists has those that are listed', async () => {
  answer = {
    status: 200,
    body: { success: true, errors: [], messages: [], result: [{ name: 'PROXY_API_KEY', type: 'secret_text' }] },
  };
  expect(await deployedSecrets(world)).toEqual(new Set(['PROXY_API_KEY']));
});

it.each([
  failure(500, 10001, 'Internal error'),
  failure(403, 10000, 'Authentication error'),
  failure(404, 7003, 'Could not route to the account: it was not found'),
])('any other failure is not taken for a Worker without secrets: $status', async (failed) => {
  answer = failed;
  await expect(deployedSecrets(world)).rejects.toThrow(/Nothing was changed.*\[code: \d+\]/s);
});

it('without plan or permission both are named, and what the platform said', async () => {
  answer = failure(403, 10000, 'Authentication error');
  await expect(checkAccount(world, { upload: true })).rejects.toThrow(
    /Authentication error.*Workers Paid plan.*permission for Containers/s,
  );
});

it('a platform that is down is not taken for the plan', async () => {
  answer = { status: 502, body: { error: 'bad gateway' } };
  await expect(checkAccount(world, { upload: true })).rejects.toThrow(/^(?!.*Paid plan).*bad gateway/s);
});

const success = (result: unknown) => ({ status: 200, body: { success: true, errors: [], messages: [], result } });

it('its token is taken to look for the workers.dev subdomain', async () => {
  answer = (call) => (call === 'GET /workers/subdomain' ? success({ subdomain: 'mine' }) : success([]));
  const printed: string[] = [];
  await checkAccount({ ...world, print: (line) => void printed.push(line) }, { upload: true });
  expect(printed).toContain('   workers.dev subdomain: mine');
  answer = (call) =>
    call === 'GET /workers/subdomain' ? failure(404, 10007, 'workers.api.error.subdomain_not_found') : success([]);
  await expect(checkAccount(world, { upload: true })).rejects.toThrow('no workers.dev subdomain yet');
});

it('new secrets become a version, which is deployed at once', async () => {
  answer = (call) => {
    if (call.endsWith('/versions/latest')) return success({ id: VERSION });
    if (call.includes('/versions'))
      return success({
        id: VERSION,
        number: 2,
        metadata: {},
        annotations: {},
        resources: { script: {}, script_runtime: {} },
      });
    if (call.startsWith('GET') && call.endsWith('/deployments')) return success({ deployments: [] });
    return success({ id: 'deployment' });
  };
  await renewSecrets({ CLAUDE_CODE_OAUTH_TOKEN: 'new', CLAUDE_OAUTH_CREDS: null }, world);
  const bodyOf = (start: string): unknown =>
    JSON.parse(asked.find(({ call }) => call.startsWith(start) && !call.includes('versions?'))?.body ?? 'null');
  expect(bodyOf('PATCH')).toMatchObject({
    env: { CLAUDE_CODE_OAUTH_TOKEN: { type: 'secret_text', text: 'new' }, CLAUDE_OAUTH_CREDS: null },
  });
  expect(bodyOf('POST')).toMatchObject({
    versions: [{ version_id: VERSION, percentage: 100 }],
    code_update_strategy: { mode: 'immediate' },
  });
});

it('takes secrets from a pipe that is opened as a file', async () => {
  answer = success([]);
  const ran = await world.run(
    'wrangler',
    ['deploy', '--dry-run', '--containers-rollout=none', '--secrets-file', '/dev/stdin'],
    {
      input: '{"PROXY_API_KEY":"very-secret"}',
      inputAsFile: true,
    },
  );
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringMatching(/env\.PROXY_API_KEY.*hidden/)]);
  expect(ran.stdout + ran.stderr).not.toContain('very-secret');
});

it('a program that is not there is not there behind a pipe either', async () => {
  expect((await runProgram('no-such-program', [], { input: 'x', inputAsFile: true })).code).toBe(127);
});
