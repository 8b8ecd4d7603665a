/** The npm package as a user gets it: packed, installed into an empty folder, started with npx, asked. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../worker/lab.ts';

const run = promisify(execFile);
let folder: string;
/** This Node first; what npm needs to reach its registry stays. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(':'),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await run('npm', ['install', join(folder, tarball)], { cwd: folder, env });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
});

/** Starts the demo; resolves to its address once it listens. */
const demo = async (): Promise<{ url: string; child: ChildProcess }> => {
  const child = spawn('npx', ['opencode-claude-proxy', 'demo', '--port', '0'], { cwd: folder, env });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  for (;;) {
    const [, url] = /Listening on (\S+)/u.exec(output) ?? [];
    if (url !== undefined) return { url, child };
    if (child.exitCode !== null) throw new Error(`The demo ended: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Its stylesheets and modules are files of their own, which must be in what is run. */
const expectDashboard = async (url: string): Promise<void> => {
  const html = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
  const files = [...html.matchAll(/(?:href|src)="(\/dashboard\/assets\/[^"]+)"/gu)].map(([, path]) => path);
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const path of files) expect((await fetch(`${url}${path}`)).status, path).toBe(200);
};

describe('the packed package', () => {
  it('is well formed', async () => {
    const { messages } = await publint({ pkgDir: root, pack: 'npm' });
    expect(messages).toEqual([]);
  });

  it('holds no tests, no types to be stripped on its way, and no file that git ignores', async () => {
    const installed = join(folder, 'node_modules/opencode-claude-proxy');
    const names = await readdir(installed);
    expect(names).toEqual(expect.arrayContaining(['dist', 'LICENSE', 'README.md', 'package.json']));
    expect(names).not.toEqual(expect.arrayContaining(['test']));
    expect(names.filter((name) => name.startsWith('.env'))).toEqual([]);
  });

  it('runs the demo with npx, answers, and ends at a signal', async () => {
    const { url, child } = await demo();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { choices: [{ message: { role: 'assistant', content: expect.stringMatching(/./u) } }] },
    ]);
    await expectDashboard(url);
    child.kill('SIGTERM');
    await once(child, 'exit');
    // npx ends at once, the server when it has ended Claude Code.
    await expect.poll(() => fetch(url).catch(() => 'gone'), { timeout: 30_000 }).toBe('gone');
  });

  it('deploys: the real wrangler builds the Worker from it, in a folder that is gone afterwards', async () => {
    const temporary = await mkdtemp(join(folder, 'tmp-'));
    const { stdout } = await run('npx', ['opencode-claude-proxy', 'deploy', '--dry-run'], {
      cwd: folder,
      env: { ...env, TMPDIR: temporary, WRANGLER: join(root, 'node_modules/.bin/wrangler'), CI: '1' },
    });
    expect(stdout).toContain('wrangler deploy --dry-run: fine');
    expect((await readdir(temporary)).filter((name) => name.startsWith('claude-proxy-deploy-'))).toEqual([]);
  });

  it('has its commands', async () => {
    const { stdout } = await run('npx', ['opencode-claude-proxy', '--help'], { cwd: folder, env });
    expect(stdout).toContain('Usage: opencode-claude-proxy');
  });
});
