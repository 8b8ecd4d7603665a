/** A login that refreshes itself, through sleep, over several instances and a change of the secret, in real workerd. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, programImage, startLab, type Lab } from './lab.ts';

const STATE_KEY = Buffer.alloc(32, 7).toString('base64');
const file = (n: number, minutesLeft: number): string =>
  JSON.stringify({ claudeAiOauth: { accessToken: `access-${n}`, refreshToken: `refresh-${n}`, expiresAt: Date.now() + minutesLeft * 60_000 } });

let dir: string;
let service: string;
let here: Lab;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'login-'));
  service = join(dir, 'service');
  await writeFile(service, '1');
});
afterEach(async () => {
  await here.close();
  await rm(dir, { recursive: true });
});

const start = async (vars: Record<string, string>): Promise<void> => {
  here = await startLab({ image: programImage('refreshes-its-login.ts', { SERVICE: service }), vars: { STATE_KEY, SLEEP_AFTER_S: '1', ...vars } });
};
const turn = async (conversation = 'a'): Promise<{ used: string; holdsRefreshToken: boolean }> => {
  const answer = await here.call('/v1/messages', { body: { messages: [] }, headers: { 'x-conversation-id': conversation } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { used: string; holdsRefreshToken: boolean };
};
const asleep = (): Promise<boolean> => eventually(() => here.engine.running().length === 0);

describe('a login that was refreshed in the container', { timeout: 120_000 }, () => {
  it('is there again after the sleep, sealed while it is kept', async () => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2) });
    expect(await turn()).toEqual({ used: 'access-2', holdsRefreshToken: true });
    expect(await turn()).toEqual({ used: 'access-2', holdsRefreshToken: false });
    await asleep();
    expect(await turn()).toEqual({ used: 'access-2', holdsRefreshToken: false });
    expect(await readFile(service, 'utf8')).toBe('2');
    const files = (await readdir(here.stateDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const { parentPath, name } of files) expect((await readFile(join(parentPath, name))).includes('-2"')).toBe(false);
  });

  it('is refreshed by one instance, and used by all', async () => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2), INSTANCES: '3', HOMES: '3', SLEEP_AFTER_S: '60' });
    const names = Array.from({ length: 9 }, (_, index) => `c${index}`);
    await Promise.all(names.map((name) => turn(name)));
    const second = await Promise.all(names.map((name) => turn(name)));
    expect(new Set(second.map(({ used }) => used))).toEqual(new Set(['access-2']));
    expect(here.starts()).toBeGreaterThan(1);
    expect(await readFile(service, 'utf8')).toBe('2');
  });

  it('is forgotten when another secret is deployed', async () => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2) });
    await turn();
    await asleep();
    await writeFile(service, '50');
    await here.redeploy({ STATE_KEY, SLEEP_AFTER_S: '1', CLAUDE_OAUTH_CREDS: file(50, 120) });
    expect(await turn()).toEqual({ used: 'access-50', holdsRefreshToken: false });
  });

  it('needs STATE_KEY', async () => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2), STATE_KEY: '' });
    const answer = await here.call('/v1/messages', { body: {} });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { message: expect.stringContaining('STATE_KEY') } }]);
  });
});
