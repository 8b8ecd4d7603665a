/** The server as it runs behind the Worker: it listens at once, its settings and its login come over the internal door. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/container-engine/app.ts';
import { readLateHead } from '../../src/http/answer/late-head.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { compileCache } from '../compile-cache.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DOOR = { authorization: 'Bearer the-bootstrap-key' };
const HOUR = 3_600_000;
const login = (n: number): string =>
  JSON.stringify({
    claudeAiOauth: {
      accessToken: `access-${n}`,
      expiresAt: Date.now() + HOUR,
      scopes: ['user:inference'],
      subscriptionType: 'max',
    },
  });

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());

let dir: string;
let server: ChildProcess;
let url: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bootstrap-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'src/cli/main.mjs')], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      ...compileCache,
      HOME: dir,
      STATE_DIR: join(dir, 'state'),
      HOST: '127.0.0.1',
      PORT: String(port),
      BOOTSTRAP_KEY: 'the-bootstrap-key',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (
    !(await fetch(`${url}/ping`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 20));
});
afterEach(async () => {
  server.kill('SIGKILL');
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  await rm(dir, { recursive: true, force: true });
});

const door = (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = DOOR,
): Promise<Response> =>
  fetch(`${url}/internal/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const settings = (more: Record<string, string> = {}) => ({
  ANTHROPIC_BASE_URL: upstream.url,
  PROXY_API_KEY: 'client-key',
  LOG_LEVEL: 'silent',
  ...more,
});
const direct = () => settings({ ENGINE: 'anthropic-api', ANTHROPIC_API_KEY: 'sk-demo' });
const ask = (
  messages: readonly object[],
  { headers = {}, ...more }: { headers?: Record<string, string>; stream?: boolean } = {},
): Promise<Response> =>
  fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'client-key', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'haiku', max_tokens: 100, messages, ...more }),
  });
const hello = [{ role: 'user', content: '[[text:Good day]]' }];

describe('an answer for the Worker', () => {
  const LATE = { 'x-proxy-internal': 'eos', 'x-proxy-internal-head': 'late' };
  const waiting = [{ role: 'user', content: '[[first:60000]]' }];

  it('has its headers at once, however long the model takes, and its own head in the body', async () => {
    await door('POST', 'bootstrap', { settings: direct() });
    // More than the six for which the platform lets one object wait.
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(waiting, { headers: { ...LATE, 'x-request-id': `req_${index}` } })),
    );
    expect(answers.map(({ headers }) => headers.get('x-proxy-internal-head'))).toEqual(answers.map(() => 'late'));
    const refused = await readLateHead(
      await ask([{ role: 'user', content: '[[error:529]]' }], { headers: { ...LATE, 'x-request-id': 'req_refused' } }),
    );
    expect([refused.status, await refused.json()]).toMatchObject([529, { type: 'error' }]);
    await Promise.all(answers.map(async (answer) => answer.body?.cancel()));
  });

  it('is for the owner whom the Worker names, when it asks with the key of this start', async () => {
    const { PROXY_API_KEY: _, ...rest } = direct();
    await door('POST', 'bootstrap', { settings: rest });
    expect((await ask(hello, { headers: { 'x-api-key': 'client-key' } })).status).toBe(401);
    const headers = { 'x-api-key': 'the-bootstrap-key', 'x-proxy-internal-owner': 'somebody' };
    expect((await ask(hello, { headers })).status).toBe(200);
  });

  it('is not made twice for one request: it may have been paid', async () => {
    await door('POST', 'bootstrap', { settings: direct() });
    const headers = { ...LATE, 'x-request-id': 'req_once' };
    upstream.clear();
    const first = await readLateHead(await ask(hello, { headers, stream: true }));
    expect(await first.text()).toMatch(/message_stop[^]*: eos\n\n$/);
    const second = await ask(hello, { headers });
    expect([second.status, second.headers.get('x-proxy-internal')]).toEqual([503, 'taken']);
    expect(upstream.messageRequests).toHaveLength(1);
  });
});

describe('the door', () => {
  it('is closed without the key, and the server serves nothing before it has settings', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }] as Record<string, string>[]) {
      expect((await door('POST', 'bootstrap', { settings: direct() }, headers)).status).toBe(401);
      expect((await door('GET', 'credentials', undefined, headers)).status).toBe(401);
    }
    expect((await ask(hello)).status).toBe(503);
  });

  it('takes settings once, the same again, and no others', async () => {
    expect((await door('POST', 'bootstrap', { settings: direct(), future: true })).status).toBe(200);
    expect((await ask(hello)).status).toBe(200);
    expect((await ask(hello, { headers: { 'x-api-key': 'other' } })).status).toBe(401);
    expect((await door('POST', 'bootstrap', { settings: direct() })).status).toBe(200);
    expect((await door('POST', 'bootstrap', { settings: settings() })).status).toBe(409);
  });

  it('takes a login with the first settings, and later ones by themselves, also where no Claude Code runs', async () => {
    const read = async (): Promise<string> =>
      ((await (await door('GET', 'credentials')).json()) as { credentials: string }).credentials;
    expect((await door('POST', 'bootstrap', { settings: direct(), credentials: login(1) })).status).toBe(200);
    expect((await door('PUT', 'credentials', { credentials: login(2) })).status).toBe(200);
    expect(await read()).toContain('access-2');
    // The Worker begins anew and asks again; what Claude Code has refreshed since must not be undone.
    expect((await door('POST', 'bootstrap', { settings: direct(), credentials: login(1) })).status).toBe(200);
    expect(await read()).toContain('access-2');
  });

  it('says what is wrong with settings, and takes better ones then', async () => {
    const wrong = await door('POST', 'bootstrap', { settings: { ...direct(), MAX_CONCURRENCY: 'many' } });
    expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('MAX_CONCURRENCY')]);
    const none = await door('POST', 'bootstrap', { settings: settings() });
    expect([none.status, await none.text()]).toEqual([422, expect.stringContaining('No login was found')]);
    expect((await door('POST', 'bootstrap', { settings: direct() })).status).toBe(200);
  });

  it('marks the end of a stream for who asks, and uses the request id it is given', async () => {
    await door('POST', 'bootstrap', { settings: direct() });
    const marked = await ask(hello, {
      stream: true,
      headers: { 'x-proxy-internal': 'eos', 'x-request-id': 'req_edge' },
    });
    expect([marked.headers.get('x-proxy-internal'), marked.headers.get('x-request-id')]).toEqual(['eos', 'req_edge']);
    expect((await marked.text()).endsWith('\n\n: eos\n\n')).toBe(true);
    expect(await (await ask(hello, { stream: true })).text()).not.toContain('eos');
  });

  it('drains: running answers end, new ones are refused so that the Worker can tell', async () => {
    await door('POST', 'bootstrap', { settings: direct() });
    const running = await ask([{ role: 'user', content: '[[text:one two three four]][[slow:300]][[chunk:1]]' }], {
      stream: true,
    });
    server.kill('SIGTERM');
    let refused: Response;
    do refused = await ask(hello);
    while (refused.status === 200);
    expect([refused.status, refused.headers.get('x-proxy-internal')]).toEqual([503, 'draining']);
    expect(await running.text()).toContain('message_stop');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });
});

describe('a login over the door, with the real Claude Code', { timeout: 120_000 }, () => {
  it('gets ready without any request once it has its settings, and lives before', async () => {
    upstream.clear();
    const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
    expect([await status('/live'), await status('/ready')]).toEqual([200, 503]);
    expect((await door('POST', 'bootstrap', { settings: settings(), credentials: login(1) })).status).toBe(200);
    await expect.poll(() => status('/ready'), { timeout: 30_000 }).toBe(200);
    expect(upstream.messageRequests).toHaveLength(0);
  });

  const bearers = (): readonly unknown[] => [
    ...new Set(upstream.messageRequests.map(({ headers }) => headers['authorization'])),
  ];

  it('works without a refresh token, is private, and another takes its place, also in a process that runs', async () => {
    upstream.clear();
    expect((await door('POST', 'bootstrap', { settings: settings(), credentials: login(1) })).status).toBe(200);
    const first = (await (await ask(hello)).json()) as { content: object[] };
    expect(bearers()).toEqual(['Bearer access-1']);
    const file = join(dir, 'state/claude/.credentials.json');
    expect(await readFile(file, 'utf8')).toContain('access-1');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await door('PUT', 'credentials', { credentials: login(2) })).status).toBe(200);
    const { credentials } = (await (await door('GET', 'credentials')).json()) as { credentials: string };
    expect(JSON.parse(credentials)).toMatchObject({ claudeAiOauth: { accessToken: 'access-2' } });
    upstream.clear();
    expect(
      (await ask([...hello, { role: 'assistant', content: first.content }, { role: 'user', content: 'And now?' }]))
        .status,
    ).toBe(200);
    const next = bearers();
    upstream.clear();
    expect((await ask([{ role: 'user', content: 'Another conversation' }])).status).toBe(200);
    expect([next, bearers()]).toEqual([['Bearer access-2'], ['Bearer access-2']]);
  });
});
