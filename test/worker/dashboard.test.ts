/** The dashboard behind the Worker: who gets in, what wakes a container, and that its pages and forms work. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DASHBOARD_ROUTES } from '../../src/http/dashboard/routes.ts';
import { OWNER_HEADER } from '../../src/http/answer/end-mark.ts';
import { chat, demoLabs } from './demo-labs.ts';
import { eventually, KEY, root, type Lab } from './lab.ts';

const labs = demoLabs();
const shared = labs.sharedLab();

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** A browser as far as forms and cookies go. */
const browser = (lab: Lab) => {
  let cookie = '';
  const visit = async (path: string, init: RequestInit = {}) => {
    const headers = { accept: 'text/html', cookie, ...(init.headers as Record<string, string>) };
    const response = await fetch(new URL(path, lab.url), { redirect: 'manual', ...init, headers });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(';')[0] ?? '';
    return { status: response.status, html: await response.text(), headers: response.headers };
  };
  const { origin } = new URL(lab.url);
  const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    visit(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin, ...headers } });
  const login = (key: string, headers?: Record<string, string>) =>
    submit('/dashboard/login', { key, next: '/dashboard' }, headers);
  return { visit, submit, login, origin, cookie: () => cookie };
};

const secretIn = (html: string): string => /<code id="secret">(ocp_[\w-]{43})<\/code>/u.exec(html)?.[1] ?? '';

it('shows strangers the form to log in and nothing else, and wakes nothing for them', async () => {
  const { visit, submit, login } = browser(shared());
  for (const { method, path, action } of DASHBOARD_ROUTES) {
    if (/login|logout|asset/u.test(action)) continue;
    const url = path.replace(/:\w+/gu, 'x').replace('*', 'x');
    // Only the Worker says whose a request is.
    const forged = { [OWNER_HEADER]: 'local', 'x-proxy-internal': '{"owner":"local"}', cookie: 'proxy_session=local' };
    for (const headers of [{}, forged]) {
      const seen = method === 'GET' ? await visit(url, { headers }) : await submit(url, {}, headers);
      expect([seen.status, seen.html.includes('Admin key')], path).toEqual([401, true]);
      expect(seen.headers.get('content-security-policy')).toBe(CSP);
      expect(seen.headers.get('cache-control')).toBe('no-store');
    }
  }
  const wrong = await login('wrong');
  expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([401, []]);
  const foreign = await login(KEY, { origin: 'https://example.com' });
  expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([403, []]);
  expect(shared().starts()).toBe(0);
});

it('leads a browser to the dashboard, other clients get JSON, and every file has its type', async () => {
  const { visit } = browser(shared());
  expect((await visit('/')).headers.get('location')).toBe('/dashboard');
  expect(JSON.parse((await visit('/', { headers: { accept: '*/*' } })).html)).toMatchObject({
    name: 'opencode-claude-proxy',
  });
  const { html } = await visit('/dashboard/login');
  const folder = /\/dashboard\/assets\/[0-9a-f]{16}\//u.exec(html)?.[0] ?? '';
  const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
  const files = [...readdirSync(join(root, 'src/dashboard/assets')), 'uplot.js', 'uplot.css'];
  for (const file of files) {
    const seen = await visit(folder + file);
    expect([file, seen.status, seen.headers.get('content-type')]).toEqual([
      file,
      200,
      types[file.split('.').at(-1) as keyof typeof types],
    ]);
    expect(seen.headers.get('cache-control')).toContain('immutable');
    expect(seen.html.length).toBeGreaterThan(100);
  }
  expect((await visit(`${folder}nothing.js`)).status).toBe(404);
  expect(shared().starts()).toBe(0);
});

it('slows an address down that tries keys', async () => {
  const { login } = browser(shared());
  const headers = { 'cf-connecting-ip': '192.0.2.7' };
  const statuses: number[] = [];
  for (let tries = 0; tries < 22; tries += 1) statuses.push((await login('wrong', headers)).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  expect((await login(KEY, headers)).status).toBe(429);
  expect(shared().starts()).toBe(0);
});

it('logs an admin in with a cookie that scripts cannot read, and out for good', async () => {
  const { visit, submit, login, cookie } = browser(shared());
  const https = { origin: 'https://proxy.example', 'sec-fetch-site': 'same-origin' };
  const made = await login(KEY, https);
  expect([made.status, made.headers.get('location')]).toEqual([303, '/dashboard']);
  expect(made.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^proxy_session=[0-9a-f]{64}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/u),
  ]);
  const kept = cookie();
  const now = await visit('/dashboard');
  expect([now.status, now.html.includes('No request runs at the moment.')]).toEqual([200, true]);
  // What runs is asked of servers that are awake.
  expect(shared().starts()).toBe(0);
  for (const page of ['usage', 'requests', 'keys', 'limits', 'models', 'health', 'playground']) {
    const { status, html } = await visit(`/dashboard/${page}`);
    expect([page, status, html.includes('Log out')]).toEqual([page, 200, true]);
  }
  expect(shared().starts()).toBe(1);
  expect((await visit('/dashboard/nothing')).status).toBe(404);
  expect((await visit('/dashboard/requests/nothing')).status).toBe(404);

  expect((await submit('/dashboard/logout', {}, { origin: 'https://example.com' })).status).toBe(403);
  expect((await submit('/dashboard/logout', {})).headers.get('location')).toBe('/dashboard/login');
  const after = await visit('/dashboard/keys', { headers: { cookie: kept } });
  expect([after.status, after.html.includes('Admin key')]).toEqual([401, true]);
});

it('makes, changes and revokes keys; those of users open nothing', async () => {
  const lab = shared();
  const { visit, submit, login } = browser(lab);
  await login(KEY);
  const foreign = await submit('/dashboard/keys', { name: 'theirs' }, { origin: 'https://example.com' });
  expect(foreign.status).toBe(403);
  const mistaken = await submit('/dashboard/keys', { name: 'team', role: 'user', usdPerDay: '-1' });
  expect([mistaken.status, /id="field-usdPerDay"[^>]*aria-invalid="true"/u.test(mistaken.html)]).toEqual([400, true]);
  const made = await submit('/dashboard/keys', { name: 'team', role: 'user', aliases: 'fast = haiku' });
  const secret = secretIn(made.html);
  expect([made.status, secret.length]).toEqual([200, 47]);
  const keys = await visit('/dashboard/keys');
  expect([keys.html.includes('team'), keys.html.includes('theirs'), keys.html.includes(secret)]).toEqual([
    true,
    false,
    false,
  ]);

  const ask = () =>
    lab.call('/v1/chat/completions', { body: chat('hi'), headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  const other = browser(lab);
  const user = await other.login(secret);
  expect([user.status, user.html.includes('its role is user'), other.cookie()]).toEqual([401, true, '']);
  expect((await other.visit('/dashboard', { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);

  const path = /\/dashboard\/keys\/key_\w+/u.exec(keys.html)?.[0] ?? '';
  const saved = await submit(path, { name: 'team', role: 'user', requestsPerMinute: '1' });
  expect(saved.headers.get('location')).toBe(`${path}?saved`);
  expect((await visit(`${path}/revoke`)).html).toContain('This cannot be undone');
  expect((await submit(`${path}/revoke`, {})).headers.get('location')).toBe('/dashboard/keys');
  expect((await ask()).status).toBe(401);
  await eventually(async () => (await visit('/dashboard/requests')).html.includes('/dashboard/requests/req_'));
});

it('ends the login of an admin whose key is revoked', async () => {
  const lab = shared();
  const owner = browser(lab);
  await owner.login(KEY);
  const secret = secretIn((await owner.submit('/dashboard/keys', { name: 'second', role: 'admin' })).html);
  const admin = browser(lab);
  expect((await admin.login(secret)).status).toBe(303);
  expect((await admin.visit('/dashboard/models')).html).toContain('as second');
  const path = /\/dashboard\/keys\/key_\w+/u.exec((await owner.visit('/dashboard/keys')).html)?.[0] ?? '';
  expect((await owner.submit(`${path}/revoke`, {})).status).toBe(303);
  expect((await admin.visit('/dashboard/models')).status).toBe(401);
});

it('lets the playground ask with the login, and other pages not', async () => {
  const lab = shared();
  const { login, cookie, origin } = browser(lab);
  await login(KEY);
  const ask = (from: string) =>
    fetch(new URL('/v1/chat/completions', lab.url), {
      method: 'POST',
      body: JSON.stringify(chat('[[text:played]]', { stream: true })),
      headers: { 'content-type': 'application/json', cookie: cookie(), origin: from },
    });
  const played = await ask(origin);
  expect([played.status, (await played.text()).includes('played')]).toEqual([200, true]);
  expect((await ask('https://example.com')).status).toBe(403);
});

it('shows what runs in every container, and ends it', async () => {
  const lab = await labs.lab({ INSTANCES: '2', HOMES: '1', INSTANCE_CAPACITY: '1' });
  const { visit, submit, login } = browser(lab);
  await login(KEY);
  const running = ['first', 'second'].map(async (name) => {
    const response = await lab.call('/v1/chat/completions', {
      body: chat(`${name} [[hang]]`, { model: 'haiku', stream: true }),
      headers: { 'x-conversation-id': name },
    });
    return response.text();
  });
  const turnsIn = (html: string) => [...html.matchAll(/\/dashboard\/turns\/(req_\w+)\/cancel/gu)].map(([path]) => path);
  // Both instances are full, so that nothing else would be placed there.
  const shown = await eventually(async () => {
    const paths = turnsIn((await visit('/dashboard')).html);
    return paths.length === 2 ? paths : undefined;
  });
  expect(lab.starts()).toBe(2);
  for (const path of shown) expect((await submit(path, {})).headers.get('location')).toBe('/dashboard');
  for (const text of await Promise.all(running)) expect(text).toContain('An admin of this server has ended this turn.');
  const metrics = await (await lab.call('/metrics')).text();
  expect(metrics).toContain('proxy_instance_up{instance="g1-i1",state="ready"} 1');
});
