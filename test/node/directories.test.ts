/** Directories that cannot be used: what needs them says so, and all else goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { chat } from '../http/set-up.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, logOf, newHome, post, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

describe.skipIf(!existsSync('/proc/self'))('a STATE_DIR that cannot be made or written', () => {
  it.each(['/proc/x', '/proc/x/y'])('is named at once: %s', async (STATE_DIR) => {
    const { exit, output, child } = start(claudeCodeTo(upstream, { STATE_DIR }));
    expect((await exit)[0]).toBe(1);
    expect(output.err).toMatch(new RegExp(`^STATE_DIR is ${STATE_DIR}, which cannot be written \\(E\\w+\\)\\.`));
    expect(child.signalCode).toBeNull();
  });

  it.each(['', '/x'])('is named where a file is in its place, which stays as it is: file%s', async (below) => {
    const home = newHome();
    const file = join(home, 'file');
    writeFileSync(file, 'not a directory', { mode: 0o644 });
    const { exit, output } = start(claudeCodeTo(upstream, { STATE_DIR: `${file}${below}` }), { home });
    expect((await exit)[0]).toBe(1);
    expect(output.err).toContain(`STATE_DIR is ${file}${below}, which cannot be written (ENOTDIR).`);
    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  it('is named also where it is the default', async () => {
    const home = newHome();
    writeFileSync(join(home, '.local'), 'a file in the way');
    const { exit, output } = start(claudeCodeTo(upstream), { home });
    expect((await exit)[0]).toBe(1);
    expect(output.err).toContain(
      `STATE_DIR is not set, and its default ${home}/.local/state/opencode-claude-proxy cannot be written`,
    );
  });

  it('is not needed without Claude Code', async () => {
    const url = await listening(start(directTo(upstream, { STATE_DIR: '/proc/x' })));
    expect((await post(url, chat())).status).toBe(200);
  });
});

/** A small file system of its own at `dir`, while `work` runs, if user may mount one. */
const mounted = async (dir: string, work: () => Promise<void>): Promise<'done' | 'not allowed'> => {
  mkdirSync(dir, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    return 'not allowed';
  }
  try {
    await work();
  } finally {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  }
  return 'done';
};

it('a STATE_DIR that turns read-only takes no answer with it', async ({ skip }) => {
  const home = newHome();
  const STATE_DIR = join(home, 'state');
  const result = await mounted(STATE_DIR, async () => {
    // A file system on which a database is open for writing cannot be made read-only.
    const DATABASE_URL = 'postgres://nobody@127.0.0.1:9/nothing';
    const server = start(claudeCodeTo(upstream, { STATE_DIR, DATABASE_URL }), { home });
    const url = await listening(server);
    const running = await post(
      url,
      chat({ stream: true, messages: [{ role: 'user', content: '[[slow:300]] [[text:one two three four five]]' }] }),
    );
    execFileSync('mount', ['-o', 'remount,ro', STATE_DIR]);
    expect((await post(url, chat({ messages: [{ role: 'user', content: 'Another conversation' }] }))).status).toBe(200);
    expect(await running.text()).toMatch(/five[\s\S]*\[DONE\]/);
    server.child.kill('SIGTERM');
    expect((await server.exit)[0]).toBe(0);
  });
  if (result === 'not allowed') skip('only root may mount a file system');
});

describe('a TMPDIR that cannot be trusted or used', () => {
  const below = (home: string): string => join(home, '.local/state/opencode-claude-proxy/tmp');
  const serves = async (TMPDIR: string, home = newHome()): Promise<void> => {
    const server = start(claudeCodeTo(upstream, { TMPDIR }), { home });
    const url = await listening(server);
    expect((await post(url, chat())).status).toBe(200);
    expect(logOf(server).filter(({ level, dir }) => level === 'warn' && dir !== undefined)).toMatchObject([
      { dir: below(home), msg: expect.stringContaining('TMPDIR') },
    ]);
  };

  it('has a link in the place of the working directory: it is not followed', async () => {
    const home = newHome();
    const [tmp, target] = [join(home, 'tmp'), join(home, 'target')];
    mkdirSync(tmp);
    mkdirSync(target, { mode: 0o755 });
    symlinkSync(target, join(tmp, `work-${process.getuid?.() ?? 0}`));
    await serves(tmp, home);
    expect(execFileSync('stat', ['-c', '%a', target], { encoding: 'utf8' }).trim()).toBe('755');
  });

  it('is missing', () => serves('/proc/nowhere'));

  it('is full', async ({ skip }) => {
    const home = newHome();
    const tmp = join(home, 'tmp');
    const result = await mounted(tmp, async () => {
      writeFileSync(join(tmp, 'all-there-is'), 'x'.repeat(16 * 1024 * 1024));
      await serves(tmp, home);
    });
    if (result === 'not allowed') skip('only root may mount a file system');
  });
});
