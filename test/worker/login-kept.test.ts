/** A login that refreshes itself, through sleep, over several instances and a change of the secret, in real workerd. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, programImage, startLab, type Lab } from './lab.ts';

const STATE_KEY = Buffer.alloc(32, 7).toString('base64');
const file = (n: number, minutesLeft: number): string =>
  JSON.stringify({
    claudeAiOauth: {
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      expiresAt: Date.now() + minutesLeft * 60_000,
    },
  });

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
  here = await startLab({
    image: programImage('refreshes-its-login.ts', { SERVICE: service }),
    vars: { STATE_KEY, SLEEP_AFTER_S: '1', ...vars },
  });
};
const turn = async (conversation = 'a'): Promise<{ used: string; holdsRefreshToken: boolean }> => {
  const answer = await here.call('/v1/messages', {
    body: { messages: [] },
    headers: { 'x-conversation-id': conversation },
  });
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
    const files = (await readdir(here.stateDir, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const { parentPath, name } of files)
      expect((await readFile(join(parentPath, name))).includes('-2"')).toBe(false);
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

  it('does not outlive another secret in a container that goes on, though it is the newer one', async () => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2), SLEEP_AFTER_S: '60' });
    expect(await turn()).toMatchObject({ used: 'access-2' });
    await writeFile(service, '50');
    await here.redeploy({ STATE_KEY, SLEEP_AFTER_S: '60', CLAUDE_OAUTH_CREDS: file(50, 120) });
    expect(await turn()).toEqual({ used: 'access-50', holdsRefreshToken: false });
    expect(here.starts()).toBe(1);
  });

  it('is lost with STATE_KEY: the deployed one is used, and the log says so', async () => {
    const creds = file(1, 2);
    await start({ CLAUDE_OAUTH_CREDS: creds, SLEEP_AFTER_S: '60' });
    expect(await turn()).toMatchObject({ used: 'access-2' });
    // Without the token: it has come home.
    expect(await turn()).toEqual({ used: 'access-2', holdsRefreshToken: false });
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGKILL');
    await writeFile(service, '1');
    await here.redeploy({
      STATE_KEY: Buffer.alloc(32, 8).toString('base64'),
      SLEEP_AFTER_S: '60',
      CLAUDE_OAUTH_CREDS: creds,
    });
    expect(await turn()).toEqual({ used: 'access-2', holdsRefreshToken: true });
    expect(here.logs.filter((line) => line.includes('was STATE_KEY replaced?'))).toHaveLength(1);
  });

  it('keeps no container awake that does not hand it out', async () => {
    here = await startLab({
      image: programImage('keeps-its-login.ts'),
      vars: { STATE_KEY, SLEEP_AFTER_S: '1', CLAUDE_OAUTH_CREDS: file(1, 2) },
    });
    expect((await here.call('/v1/messages', { body: { messages: [] } })).status).toBe(200);
    await asleep();
  });

  it('is no reason to end a container for which a request has come meanwhile', async () => {
    here = await startLab({
      image: programImage('keeps-its-login.ts'),
      vars: { STATE_KEY, SLEEP_AFTER_S: '1', CLAUDE_OAUTH_CREDS: file(1, 2) },
    });
    const ask = (signal?: AbortSignal): Promise<Response> =>
      here.call('/v1/messages', { body: { messages: [] }, ...(signal !== undefined && { signal }) });
    expect((await ask()).status).toBe(200);
    await sleep(1_500); // The time to sleep has come, and the login is waited for, ten seconds at most.
    const client = new AbortController();
    const second = ask(client.signal).catch(() => undefined);
    await sleep(11_000);
    expect(here.events.filter(({ kind }) => kind === 'exit')).toEqual([]);
    client.abort();
    await second;
  });

  it.each([
    { title: 'STATE_KEY', vars: { STATE_KEY: '' }, says: 'needs the secret STATE_KEY' },
    { title: 'a STATE_KEY of 32 bytes', vars: { STATE_KEY: 'c2hvcnQ=' }, says: 'STATE_KEY must be 32 bytes' },
    { title: 'a STATE_KEY in base64', vars: { STATE_KEY: '!' }, says: 'STATE_KEY must be 32 bytes' },
    {
      title: 'the JSON of a credentials file',
      vars: { CLAUDE_OAUTH_CREDS: 'sk-ant-oat01-secret' },
      says: "CLAUDE_OAUTH_CREDS is not the JSON of Claude Code's credentials file",
    },
    {
      title: 'a credentials file with a login in it',
      vars: { CLAUDE_OAUTH_CREDS: '{"claudeAiOauth":{}}' },
      says: "CLAUDE_OAUTH_CREDS is not the JSON of Claude Code's credentials file",
    },
  ])('needs $title', async ({ vars, says }) => {
    await start({ CLAUDE_OAUTH_CREDS: file(1, 2), ...vars });
    for (const path of ['/v1/messages', '/v1/chat/completions']) {
      const answer = await here.call(path, { body: {} });
      expect([answer.status, await answer.json()]).toMatchObject([
        503,
        { error: { message: expect.stringContaining(says) } },
      ]);
    }
    expect(here.starts()).toBe(0);
    expect(here.logs.join()).not.toContain('oat01-secret');
  });
});
