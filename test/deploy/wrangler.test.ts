/** What the real wrangler says when Cloudflare's API answers so or so: the deploy script reads its words. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkAccount } from '../../scripts/deploy/check.ts';
import type { World } from '../../scripts/deploy/deploy.ts';
import { runProgram } from '../../scripts/deploy/programs.ts';
import { deployedSecrets } from '../../scripts/deploy/secrets.ts';
import { root } from './lab.ts';

let api: Server;
let dir: string;
let answer: { status: number; body: object };
let world: World;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wrangler-'));
  api = createServer((_, response) =>
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)),
  );
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
const failure = (status: number, code: number, message: string): typeof answer => ({
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
  await expect(checkAccount(world)).rejects.toThrow(
    /Authentication error.*Workers Paid plan.*permission for Containers/s,
  );
});

it('a platform that is down is not taken for the plan', async () => {
  answer = { status: 502, body: { error: 'bad gateway' } };
  await expect(checkAccount(world)).rejects.toThrow(/^(?!.*Paid plan).*bad gateway/s);
});
