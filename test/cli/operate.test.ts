/** The commands of those who run a server, as they type them: without a terminal, over the server's `/admin`. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { directTo, endAfterEach, listening, post, start } from '../node/spawned-server.ts';
import { compileCache } from '../compile-cache.ts';

const home = mkdtempSync(join(tmpdir(), 'cli-operate-'));
let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(async () => {
  await upstream.close();
  rmSync(home, { recursive: true });
});
endAfterEach();

const program = resolve('src/cli/main.mjs');
const options = (PROXY_API_KEY: string) => ({
  cwd: home,
  env: { HOME: home, PATH: process.env['PATH'], PROXY_API_KEY, ...compileCache },
});

const run = (
  args: readonly string[],
  key = 'owner-key',
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
  new Promise((settle) => {
    execFile(process.execPath, [program, ...args], options(key), (error, out, err) =>
      settle({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

const server = () => listening(start(directTo(upstream, { PROXY_API_KEY: 'owner-key' })));

it('keys makes a key, limits it and revokes it', async () => {
  const url = await server();
  expect((await run(['keys', 'list', '--url', url])).out).toContain('There is no named key yet.');
  const made = await run(['keys', 'add', 'team', '--usd-per-day', '2', '--plan-share', 'five_hour=0.3', '--url', url]);
  const secret = /^ocp_\S+/u.exec(made.out)?.[0] ?? '';
  const ask = () => post(url, chat(), { authorization: `Bearer ${secret}` });
  expect((await ask()).status).toBe(200);
  const listed = await run(['keys', 'list', '--url', url]);
  expect(listed.out).toMatch(/team +….{4} +user +.*usdPerDay 2.*five_hour.*in use/u);
  expect(listed.out).not.toContain(secret);
  expect((await run(['keys', 'limit', 'team', '--none', '--requests-per-minute', '9', '--url', url])).out).toContain(
    'team: requestsPerMinute 9\n',
  );
  const json = await run(['keys', 'list', '--json', '--url', url]);
  expect(JSON.parse(json.out)).toMatchObject([{ name: 'team', limits: { requestsPerMinute: 9 } }]);

  const notAdmin = await run(['keys', 'list', '--url', url], secret);
  expect([notAdmin.code, notAdmin.err]).toEqual([1, expect.stringContaining('role admin')]);
  expect((await run(['keys', 'revoke', 'team', '--url', url])).code).toBe(0);
  expect((await ask()).status).toBe(401);
  const again = await run(['keys', 'revoke', 'team', '--url', url]);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('no key named team')]);
  expect((await run(['keys', 'add', 'x', '--usd-per-day', 'much', '--url', url])).code).toBe(2);
});

it('usage and logs tell what was asked', async () => {
  const url = await server();
  expect((await run(['usage', '--url', url])).out).toContain('Nothing has been asked yet.');
  const following = spawn(process.execPath, [program, 'logs', '-f', '--json', '--url', url], options('owner-key'));
  let followed = '';
  following.stdout.on('data', (chunk) => (followed += String(chunk)));
  const headers = { authorization: 'Bearer owner-key', 'x-session-id': 's1', 'user-agent': 'agent/1' };
  await (await post(url, chat(), headers)).text();
  await (await post(url, { model: 'gpt-4o', messages: 'x' }, headers)).text();
  await until(() => followed.includes('invalid_request') && followed.includes('end_turn'));
  following.kill();

  for (const kind of ['daily', 'weekly', 'monthly', 'session', 'blocks']) {
    const text = await run(['usage', kind, '--url', url]);
    expect([text.code, text.out], kind).toEqual([0, expect.stringMatching(/list price[\s\S]*\$0\.\d*[1-9]/u)]);
    const { out } = await run(['usage', kind, '--json', '--url', url]);
    expect(JSON.parse(out), kind).toContainEqual(expect.objectContaining({ inputTokens: expect.any(Number) }));
  }
  const lines = await run(['logs', '--errors', '--url', url]);
  expect(lines.out).toMatch(/400 {2}POST \/v1\/chat\/completions .*agent .*invalid_request: /u);
  expect((await run(['usage', 'yearly', '--url', url])).code).toBe(2);
});

it('usage --watch prints again what has changed, until it is ended', async () => {
  const url = await server();
  const args = [program, 'usage', '--watch', '--json', '--url', url];
  const watching = spawn(process.execPath, args, options('owner-key'));
  const ended = once(watching, 'close');
  try {
    let printed = '';
    watching.stdout.on('data', (chunk) => (printed += String(chunk)));
    await until(() => printed.includes('[]\n') || watching.exitCode !== null);
    await (await post(url, chat(), { authorization: 'Bearer owner-key' })).text();
    await until(() => /^\[\{.*"requests":1/mu.test(printed) || watching.exitCode !== null);
    // One line of JSON each time.
    for (const line of printed.trim().split('\n')) expect(JSON.parse(line)).toBeInstanceOf(Array);
    expect(watching.exitCode).toBeNull();
  } finally {
    watching.kill();
    await ended;
  }
});
