/** Who gets in at the dashboard, from where forms may come, and what a browser is told with every page. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { DASHBOARD_ROUTES } from '../../src/http/dashboard/routes.ts';
import { silence, until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { openDashboard } from './browser.ts';

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

describe('without a login', () => {
  it('every page is the form for it, and every form does nothing', async () => {
    const { visit, submit } = await openDashboard();
    for (const { method, path, action } of DASHBOARD_ROUTES) {
      if (/login|asset/u.test(action)) continue;
      const url = path.replace(/:\w+/gu, 'x').replace('*', 'x');
      const seen = method === 'GET' ? await visit(url) : await submit(url, {});
      expect([seen.status, seen.html.includes('Admin key')], path).toEqual(
        action === 'dashboard-logout' ? [303, false] : [401, true],
      );
      expect(seen.headers.get('content-security-policy'), path).toBe(CSP);
      expect(seen.headers.get('cache-control'), path).toBe('no-store');
    }
  });

  it('stylesheet, modules and icon are there for it, and stay in the browser', async () => {
    const { visit } = await openDashboard();
    const { html } = await visit('/dashboard/login');
    const paths = [...html.matchAll(/(?:href|src)="(\/dashboard\/assets\/[^"]+)"/gu)].map(([, path]) => path ?? '');
    expect(paths.map((path) => path.split('/').at(-1))).toEqual(['icon.svg', 'dashboard.css', 'dashboard.js']);
    for (const path of paths) {
      const { status, headers } = await visit(path);
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^(?:text\/css|text\/javascript|image\/svg\+xml)/u);
      expect(headers.get('cache-control')).toContain('immutable');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const again = await visit(path, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
      expect([again.status, again.html]).toEqual([304, '']);
    }
    expect((await visit('/dashboard/assets/old/dashboard.css')).headers.get('cache-control')).toBe('no-cache');
    expect((await visit('/dashboard/assets/x/..%2f..%2fhandlers.ts')).status).toBe(404);
  });

  it('no page has code or style of its own', async () => {
    const { visit, login } = await openDashboard();
    await login();
    const pages = DASHBOARD_ROUTES.filter(({ method, path }) => method === 'GET' && !/[:*]/u.test(path));
    for (const { path } of [...pages, { path: '/dashboard/nothing' }]) {
      const { html } = await visit(path);
      expect(html, path).not.toMatch(
        /<script(?![^>]*\ssrc=)|<style|\s(?:style|on\w+)=|(?:src|href|action)="(?!\/dashboard|#main")/u,
      );
    }
  });
});

describe('the login', () => {
  it('puts a session into a cookie that scripts and other sites do not see, not the key', async () => {
    const { login, visit } = await openDashboard();
    const { headers } = await login();
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^proxy_session=[0-9a-f]{64}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/u);
    expect(cookie).not.toContain('owner-key');
    expect((await visit('/dashboard')).html).toContain('Log out');
    expect((await visit('/dashboard/')).headers.get('location')).toBe('/dashboard');
    expect((await visit('/dashboard/login')).headers.get('location')).toBe('/dashboard');
  });

  it('marks the cookie as secure on https', async () => {
    const { submit, url } = await openDashboard();
    const origin = url.replace('http:', 'https:');
    const { headers } = await submit('/dashboard/login', { key: 'owner-key' }, { origin });
    expect(headers.get('set-cookie')).toContain('Secure');
  });

  it('leads to the page that was asked for, and to no other place', async () => {
    const { submit, visit } = await openDashboard();
    expect((await visit('/dashboard/keys?revoked=1')).html).toContain('value="/dashboard/keys?revoked=1"');
    const to = async (next: string) =>
      (await submit('/dashboard/login', { key: 'owner-key', next })).headers.get('location');
    expect(await to('/dashboard/keys?revoked=1')).toBe('/dashboard/keys?revoked=1');
    for (const next of [
      'https://evil.example',
      '//evil.example',
      '/dashboard/../v1',
      '/dashboard\\@evil',
      '/admin',
      '',
    ])
      expect(await to(next), next).toBe('/dashboard');
  });

  it('refuses wrong keys and the keys of users, with a reason', async () => {
    const { submit, ask } = await openDashboard();
    const { secret } = (await (await ask('/admin/keys', { body: { name: 'team' } })).json()) as { secret: string };
    for (const [key, reason] of [
      ['wrong', 'The key is not one of this server.'],
      ['', 'Type the key first.'],
      [secret, 'its role is user'],
    ] as const) {
      const { status, html, headers } = await submit('/dashboard/login', { key });
      expect([status, html.includes(reason), headers.get('set-cookie')], key).toEqual([401, true, null]);
      expect(html).not.toContain(secret);
    }
  });

  it('slows down who guesses', async () => {
    const { submit } = await openDashboard();
    for (let tries = 0; tries < 20; tries += 1)
      expect((await submit('/dashboard/login', { key: `guess ${tries}` })).status).toBe(401);
    const slowed = await submit('/dashboard/login', { key: 'owner-key' });
    expect([slowed.status, Number(slowed.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect(slowed.html).toContain('Too many wrong keys');
  });

  it('ends with the logout, also for who kept the cookie, and with its key', async () => {
    const { login, submit, visit, cookie, ask } = await openDashboard();
    await login();
    const kept = cookie();
    const { headers } = await submit('/dashboard/logout', {});
    expect(headers.get('set-cookie')).toMatch(/^proxy_session=; Max-Age=0/u);
    expect((await visit('/dashboard', { headers: { cookie: kept } })).status).toBe(401);

    const made = await ask('/admin/keys', { body: { name: 'boss', role: 'admin' } });
    const { secret, key } = (await made.json()) as { secret: string; key: { id: string } };
    await login(secret);
    expect((await visit('/dashboard')).html).toContain('Logged in as boss');
    await ask(`/admin/keys/${key.id}`, { method: 'DELETE' });
    expect((await visit('/dashboard')).status).toBe(401);
  });

  it('is not needed where the server asks for no key', async () => {
    const { visit, submit, url } = await openDashboard({ env: { PROXY_API_KEY: '' } });
    expect((await visit('/dashboard')).html).toContain('This server asks for no key');
    expect((await submit('/dashboard/turns/x/cancel', {}, { origin: url.replace('127.', '128.') })).status).toBe(403);
  });
});

describe('forms', () => {
  it('of other origins, and without one, do nothing', async () => {
    const { login, visit, engine, ask } = await openDashboard({ script: silence, env: { CORS_ORIGINS: '*' } });
    await login();
    const answer = ask('/v1/chat/completions', { body: chat() });
    await until(() => engine.running === 1);
    const { turns } = (await (await ask('/admin/turns')).json()) as { turns: { id: string }[] };
    const path = `/dashboard/turns/${turns[0]?.id}/cancel`;
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}] as Record<string, string>[]) {
      const seen = await visit(path, { method: 'POST', body: new URLSearchParams(), headers });
      expect([seen.status, engine.running]).toEqual([403, 1]);
    }
    await ask(`/admin/turns/${turns[0]?.id}`, { method: 'DELETE' });
    await (await answer).text();
  });

  it('are taken behind a proxy that changes the host, by what the browser says of them', async () => {
    const { submit, url } = await openDashboard();
    const from = async (site: string) =>
      (
        await submit(
          '/dashboard/login',
          { key: 'owner-key' },
          { origin: 'https://claude.example', 'sec-fetch-site': site },
        )
      ).status;
    expect(await from('same-origin')).toBe(303);
    for (const site of ['same-site', 'cross-site', 'none']) expect(await from(site), site).toBe(403);
    expect((await submit('/dashboard/login', { key: 'owner-key' }, { origin: url })).status).toBe(303);
  });

  it('that are no forms are refused', async () => {
    const { login, visit, url } = await openDashboard();
    await login();
    const json = { 'content-type': 'application/json', origin: url };
    expect((await visit('/dashboard/turns/x/cancel', { method: 'POST', body: '{}', headers: json })).status).toBe(415);
  });
});

describe('the session', () => {
  it('opens the API to the server’s own pages alone', async () => {
    const { login, url, cookie } = await openDashboard({ env: { CORS_ORIGINS: '*' } });
    await login();
    const post = (origin: string) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { cookie: cookie(), origin, 'content-type': 'application/json' },
        body: JSON.stringify(chat()),
      }).then(({ status }) => status);
    expect(await post(url)).toBe(200);
    expect(await post('http://127.0.0.1:1')).toBe(401);
    // `fetch` of Node has a Sec-Fetch-Mode of its own.
    const read = async (headers: Record<string, string>) => {
      const [response] = (await once(
        get(`${url}/admin/keys`, { headers: { cookie: cookie(), ...headers } }),
        'response',
      )) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await read({})).toBe(200);
    expect(await read({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await read({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' })).toBe(401);
  });
});

it('the first page of the server leads browsers to the dashboard and tells programs what it is', async () => {
  const { visit, url } = await openDashboard();
  const { status, headers } = await visit('/');
  expect([status, headers.get('location')]).toEqual([302, '/dashboard']);
  expect(await (await fetch(url)).json()).toMatchObject({ name: 'opencode-claude-proxy' });
});
