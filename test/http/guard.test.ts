import { describe, expect, it } from 'vitest';
import { isLoopbackHost, refusalOf } from '../../src/http/request/browser-guard.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import { answer } from './scripted-engine.ts';
import { chat, setUpApp } from './set-up.ts';

const settings = {
  corsOrigins: ['https://app.example', 'vscode-webview://*'],
  checkHost: true,
  allowedHosts: ['proxy.example'],
};

describe('a request is refused', () => {
  it.each<[string, { host?: string; origin?: string }]>([
    ['of a foreign page', { host: 'localhost:8080', origin: 'https://evil.example' }],
    [
      'of a page whose name only begins like an allowed one',
      { host: 'localhost', origin: 'https://app.example.evil.com' },
    ],
    ['of a sandboxed page', { host: 'localhost', origin: 'null' }],
    ['of a page on another port', { host: 'localhost:8080', origin: 'http://localhost:3000' }],
    ['by a foreign name (DNS rebinding)', { host: 'evil.example:8080' }],
    ['by a foreign name, of its own page', { host: 'evil.example:8080', origin: 'http://evil.example:8080' }],
    ['by a name that only looks like loopback', { host: '127.0.0.1.evil.example' }],
  ])('%s', (_name, { host, origin }) => {
    expect(refusalOf({ host, origin }, settings)).toEqual(expect.any(String));
  });
});

describe('a request is let in', () => {
  it.each<[string, { host?: string; origin?: string }]>([
    ['of a program', { host: 'localhost:8080' }],
    ['of a program without a Host', {}],
    ['of a configured page', { host: '127.0.0.1:8080', origin: 'https://app.example' }],
    ['of any page of a configured scheme', { host: '127.0.0.1:8080', origin: 'vscode-webview://1a2b3c' }],
    ["of the server's own page", { host: '[::1]:8080', origin: 'http://[::1]:8080' }],
    ['by a configured name', { host: 'Proxy.Example:443', origin: 'https://Proxy.Example:443' }],
  ])('%s', (_name, { host, origin }) => {
    expect(refusalOf({ host, origin }, settings)).toBeUndefined();
  });
});

it('with a key, the name by which the server is asked for does not matter', () => {
  expect(refusalOf({ host: 'evil.example', origin: undefined }, { ...settings, checkHost: false })).toBeUndefined();
});

it.each([
  ['localhost', true],
  ['app.localhost', true],
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['192.168.1.5', false],
  ['example.com', false],
  ['127.0.0.1.nip.io', false],
])('%s is loopback: %s', (name, expected) => expect(isLoopbackHost(name)).toBe(expected));

describe('the app', () => {
  it('refuses a foreign page before anything is run, in both dialects', async () => {
    const { ask, engine } = await setUpApp();
    const refused = await ask('/v1/chat/completions', chat(), { headers: { origin: 'https://evil.example' } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(await (await ask('/v1/messages', {}, { headers: { origin: 'https://evil.example' } })).json()).toMatchObject(
      { type: 'error', error: { type: 'permission_error' } },
    );
    expect(engine.turns).toHaveLength(0);
  });

  it('answers the preflight of a configured page without a key, and no other', async () => {
    const { ask } = await setUpApp({ keys: ['k'], settings });
    const preflight = (origin: string) =>
      ask('/v1/chat/completions', undefined, {
        method: 'OPTIONS',
        headers: {
          origin,
          host: 'localhost',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });

  it('lets a configured page read answers and errors, and says nothing of that to other programs', async () => {
    const { ask } = await setUpApp({ settings });
    const headers = { origin: 'https://app.example' };
    expect((await ask('/v1/chat/completions', chat(), { headers })).headers.get('access-control-allow-origin')).toBe(
      'https://app.example',
    );
    const wrong = await ask('/v1/chat/completions', {}, { headers });
    expect([wrong.status, wrong.headers.get('access-control-allow-origin')]).toEqual([400, 'https://app.example']);
    expect(
      (await ask('/v1/chat/completions', chat({ stream: true }), { headers })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBe('https://app.example');
    expect(
      [...(await ask('/v1/chat/completions', chat())).headers.keys()].filter((name) =>
        name.startsWith('access-control'),
      ),
    ).toEqual([]);
  });

  it('lets a configured page read the limits, by whatever name they have', async () => {
    const limits: TurnEvent = {
      type: 'notice',
      notice: {
        kind: 'headers',
        headers: { 'anthropic-ratelimit-requests-limit': '9', 'anthropic-ratelimit-new-thing': '1' },
      },
    };
    const { ask } = await setUpApp({
      settings,
      script: async function* () {
        yield limits;
        yield* answer('Hi');
      },
    });
    for (const stream of [true, false]) {
      const response = await ask('/v1/chat/completions', chat({ stream }), {
        headers: { origin: 'https://app.example' },
      });
      const shown = (response.headers.get('access-control-expose-headers') ?? '').split(',');
      expect(shown).toEqual(
        expect.arrayContaining([
          'anthropic-ratelimit-requests-limit',
          'anthropic-ratelimit-new-thing',
          'x-ratelimit-limit-requests',
          'x-proxy-unknown-model',
          'retry-after',
        ]),
      );
    }
  });
});
