/** The server with the image's user and environment on the volumes that hosts mount at /state; only root can try another user. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './lab.ts';
import { freePort } from '../../scripts/container-engine/app.ts';

const USER = 10001;
const asUser = { uid: USER, gid: USER };
const why = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'this is not root';
  const { status } = spawnSync(process.execPath, ['--check', join(root, 'src/cli/main.mjs')], asUser);
  return status === 0 ? undefined : `user ${USER} cannot read this checkout`;
};
const reason = why();
if (reason !== undefined) console.log(`SKIPPED: the server as the image's user: ${reason}`);

const imageEnvironment = async (volume: string): Promise<Record<string, string>> => {
  const variables = /^ENV (.*)$/m.exec(await readFile(join(root, 'Dockerfile'), 'utf8'))?.[1] ?? '';
  return Object.fromEntries(
    variables.split(' ').map((each) => {
      const [name = '', value = ''] = each.split('=');
      return [name, value.replace(/^\/state/, volume)];
    }),
  );
};

describe.skipIf(reason !== undefined)('the server as the image runs it', () => {
  it.each([
    { title: 'a claim with fsGroup (Kubernetes)', owner: 0, mode: 0o2775 },
    { title: 'a volume that was made from the image (Docker, Compose)', owner: USER, mode: 0o700 },
  ])('keeps its state private on $title', async ({ owner, mode }) => {
    const dir = await mkdtemp(join(tmpdir(), 'volume-'));
    const volume = join(dir, 'state');
    await mkdir(volume);
    await chown(volume, owner, USER);
    await chmod(volume, mode);
    await mkdir(join(dir, 'tmp'));
    await chmod(join(dir, 'tmp'), 0o1777);
    await chmod(dir, 0o755);
    const port = await freePort();
    const CLAUDE_OAUTH_CREDS = '{"claudeAiOauth":{"accessToken":"at"}}';
    const env = {
      ...(await imageEnvironment(volume)),
      TMPDIR: join(dir, 'tmp'),
      HOST: '127.0.0.1',
      PORT: String(port),
      PROXY_API_KEY: 'key',
      CLAUDE_OAUTH_CREDS,
    };
    const server = spawn(process.execPath, [join(root, 'src/cli/main.mjs')], { ...asUser, env, cwd: root });
    const ended = once(server, 'exit');
    let output = '';
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const serves = async (): Promise<boolean> => {
      while (server.exitCode === null) {
        if (
          await fetch(`http://127.0.0.1:${port}/ping`).then(
            (answer) => answer.ok,
            () => false,
          )
        )
          return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return false;
    };
    try {
      expect([await serves(), output]).toEqual([true, expect.anything()]);
      const file = await stat(join(volume, 'server/claude/.credentials.json'));
      expect([file.uid, file.mode & 0o777]).toEqual([USER, 0o600]);
      expect((await stat(join(volume, 'server'))).mode & 0o777).toBe(0o700);
    } finally {
      server.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    }
  });
});
