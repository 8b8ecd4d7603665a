/** A login that changes, through the real server's own door: what Claude Code writes into its file is written here by the test. */
import http from 'node:http';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { eventually, KEY, serverImage, startLab, type Lab } from './lab.ts';

const STATE_KEY = Buffer.alloc(32, 7).toString('base64');
const creds = (n: number, minutesLeft: number): string =>
  JSON.stringify({
    claudeAiOauth: {
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      expiresAt: Date.now() + minutesLeft * 60_000,
      scopes: ['user:inference'],
      subscriptionType: 'max',
    },
  });

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());

let stateDir: string;
let here: Lab;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'login-server-'));
  upstream.clear();
});
afterEach(async () => {
  await here.close();
  await rm(stateDir, { recursive: true });
});

const settings = (more: Record<string, string>): Record<string, string> => ({
  STATE_KEY,
  ANTHROPIC_BASE_URL: upstream.url,
  LOG_LEVEL: 'silent',
  ...more,
});
/** Asks the API directly, so that no Claude Code would try a made-up refresh token at the real service. */
const direct = { ENGINE: 'anthropic-api', ANTHROPIC_API_KEY: 'sk-demo' };
const start = async (vars: Record<string, string>): Promise<void> => {
  here = await startLab({ image: serverImage({ STATE_DIR: stateDir, HOME: stateDir }), vars: settings(vars) });
};
const body = (content: string) => ({ model: 'haiku', max_tokens: 100, messages: [{ role: 'user', content }] });
const turn = async (content = 'Hello'): Promise<void> => {
  expect((await here.call('/v1/messages', { body: body(content) })).status).toBe(200);
};
const path = (): string => join(stateDir, 'claude/.credentials.json');
const inContainer = async (): Promise<string> => readFile(path(), 'utf8').catch(() => '');
const asleep = (): Promise<boolean> => eventually(() => here.engine.running().length === 0);
const bearers = (): readonly unknown[] => [
  ...new Set(upstream.messageRequests.map(({ headers }) => headers['authorization'])),
];
/** It begins as every container does, with the image's disk, and with the real Claude Code. */
const nextContainerUses = async (token: string, secret: string): Promise<void> => {
  await rm(stateDir, { recursive: true });
  await mkdir(stateDir);
  await here.redeploy(settings({ CLAUDE_OAUTH_CREDS: secret }));
  upstream.clear();
  await turn();
  expect(bearers()).toEqual([`Bearer ${token}`]);
  expect(await inContainer()).not.toContain('refresh-');
};

describe('a login in the real server', { timeout: 120_000 }, () => {
  it('is replaced by a renewed one while the container goes on, for the real Claude Code', async () => {
    await start({ CLAUDE_OAUTH_CREDS: creds(1, 480) });
    await turn();
    expect(bearers()).toEqual(['Bearer access-1']);
    upstream.clear();
    await here.redeploy(settings({ CLAUDE_OAUTH_CREDS: creds(50, 120) }));
    await turn();
    expect([bearers(), here.starts()]).toEqual([['Bearer access-50'], 1]);
    expect(await inContainer()).not.toContain('refresh-');
  });

  it('that was refreshed there is kept over the sleep', async () => {
    const secret = creds(1, 2);
    await start({ ...direct, CLAUDE_OAUTH_CREDS: secret, SLEEP_AFTER_S: '1' });
    const running = turn('[[first:3000]]');
    await eventually(async () => (await inContainer()).includes('refresh-1'));
    await writeFile(path(), creds(2, 480));
    await running;
    await eventually(async () => !(await inContainer()).includes('refresh-'));
    expect(await inContainer()).toContain('access-2');
    await asleep();
    await nextContainerUses('access-2', secret);
  });

  it('that was refreshed for a client who left before the headers is kept too', async () => {
    const secret = creds(1, 2);
    await start({ ...direct, CLAUDE_OAUTH_CREDS: secret, SLEEP_AFTER_S: '600' });
    await turn();
    await eventually(async () => !(await inContainer()).includes('refresh-')); // That turn has given it back.
    const gone = leaving(here.url, body('[[first:60000]]'));
    await eventually(async () => (await inContainer()).includes('refresh-1') && upstream.messageRequests.length === 2);
    await writeFile(path(), creds(2, 480));
    await gone();
    await eventually(async () => !(await inContainer()).includes('refresh-'));
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGKILL');
    await asleep();
    await nextContainerUses('access-2', secret);
  });
});

/** A request whose client goes without a word when told to, as a killed program does. */
const leaving = (url: string, content: object): (() => Promise<void>) => {
  const request = http.request(new URL('v1/messages', url), {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  });
  const closed = new Promise<void>((resolve) => request.on('error', () => resolve()));
  request.end(JSON.stringify(content));
  return async () => {
    request.socket?.resetAndDestroy();
    await closed;
  };
};
