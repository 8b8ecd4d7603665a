/** `npm run dev` without Docker and account: wrangler dev, the Worker, and the server as a process behind it. And what a deployment would upload. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { freePort } from '../../scripts/container-engine/app.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('npm run dev serves', { timeout: 180_000 }, async () => {
  const [port, dir] = [await freePort(), await mkdtemp(join(tmpdir(), 'dev-test-'))];
  const dev = spawn(
    join(root, 'node_modules/.bin/node'),
    [
      join(root, 'scripts/dev.ts'),
      '--port',
      String(port),
      '--ip',
      '127.0.0.1',
      '--show-interactive-dev-session=false',
      '--persist-to',
      dir,
      '--var',
      'ENGINE:anthropic-api',
    ],
    {
      env: { ...process.env, XDG_CONFIG_HOME: dir, WRANGLER_SEND_METRICS: 'false', CI: '1' },
    },
  );
  let output = '';
  for (const stream of [dev.stdout, dev.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    const ended = once(dev, 'exit').then(() => {
      throw new Error(output);
    });
    const url = `http://127.0.0.1:${port}`;
    const up = async (): Promise<void> => {
      while (
        !(await fetch(`${url}/ping`).then(
          (answer) => answer.ok,
          () => false,
        ))
      )
        await new Promise((resolve) => setTimeout(resolve, 200));
    };
    await Promise.race([up(), ended]);
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer dev', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: '[[text:It works]]' }] }),
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('It works')]);
    expect(output).toContain('[container] start');
    ended.catch(() => undefined);
  } finally {
    dev.kill('SIGTERM');
    await once(dev, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
});

it('wrangler deploy --dry-run passes, with the Dockerfile of this repository', { timeout: 120_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'dry-run-'));
  const env = { ...process.env, XDG_CONFIG_HOME: dir, WRANGLER_SEND_METRICS: 'false' };
  const { stdout } = await promisify(execFile)(
    join(root, 'node_modules/.bin/wrangler'),
    ['deploy', '--dry-run', '--containers-rollout=none', '--outdir', join(dir, 'out')],
    { cwd: root, env },
  );
  expect(stdout).toContain('env.INSTANCE (ProxyInstance)');
  expect(stdout).toContain('env.LOGIN (LoginKeeper)');
  expect(stdout).toContain(join(root, 'Dockerfile'));
  // A Worker may have 3 MiB compressed on the free plan; uncompressed the bundle has to stay well below 10.
  expect((await stat(join(dir, 'out', 'worker.js'))).size).toBeLessThan(3 * 1024 * 1024);
  await rm(dir, { recursive: true });
});
