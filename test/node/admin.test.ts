/** The HTTP API of `/admin` at a real server with its database. */
import { describe, expect, it } from 'vitest';
import { answer, silence, until, type Script } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { OWNER, startKeyed } from './keyed-server.ts';

type Server = Awaited<ReturnType<typeof startKeyed>>;

/** What the tests read of the answers. */
interface Answer {
  readonly secret: string;
  readonly key: { readonly id: string };
  readonly keys: readonly object[];
  readonly requests: readonly { readonly id: string }[];
  readonly next?: string;
  readonly totals: readonly object[];
  readonly sessions: readonly object[];
  readonly blocks: readonly object[];
  readonly windows: readonly object[];
  readonly turns: readonly { readonly id: string }[];
  readonly models: readonly object[];
  readonly aliases: readonly object[];
}

const json = async (response: Response | Promise<Response>): Promise<Answer> =>
  (await (await response).json()) as Answer;

const makeKey = (server: Server, settings: object = {}): Promise<Answer> =>
  json(server.ask('/admin/keys', { body: { name: 'team', ...settings } }));

describe('keys', () => {
  it('are made, shown once, listed, limited and revoked, each at once', async () => {
    const server = await startKeyed();
    const { secret, key } = await makeKey(server);
    expect(key).toMatchObject({ name: 'team', role: 'user', hint: secret.slice(-4) });
    const listed = await (await server.ask('/admin/keys')).text();
    expect(listed).toContain('"team"');
    expect(listed).not.toContain(secret);

    const ask = () => server.ask('/v1/chat/completions', { body: chat(), headers: server.bearer(secret) });
    expect((await ask()).status).toBe(200);
    const limited = await server.ask(`/admin/keys/${key.id}`, {
      method: 'PATCH',
      body: { limits: { requestsPerMinute: 1 } },
    });
    expect(await json(limited)).toMatchObject({ key: { limits: { requestsPerMinute: 1 } } });
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
    expect(await json(server.ask('/admin/limits'))).toMatchObject({
      keys: [{ name: 'team', limits: [{ limit: 'requestsPerMinute', allowed: 1, used: 1 }] }],
    });
    expect(await json(server.ask(`/admin/keys/${key.id}`, { method: 'DELETE' }))).toEqual({
      id: key.id,
      revoked: true,
    });
    expect((await ask()).status).toBe(401);
    expect((await json(server.ask('/admin/keys'))).keys).toEqual([]);
    expect((await json(server.ask('/admin/keys?revoked=1'))).keys).toHaveLength(1);
  });

  it('with mistakes are refused with the field at fault', async () => {
    const server = await startKeyed();
    const refused = await server.ask('/admin/keys', { body: { name: 'x', limits: { requestPerMinute: 1 } } });
    expect([refused.status, await json(refused)]).toMatchObject([400, { error: { param: 'limits.requestPerMinute' } }]);
    const missing = await server.ask('/admin/keys/key_nobody', { method: 'DELETE' });
    expect([missing.status, await json(missing)]).toMatchObject([400, { error: { param: 'id' } }]);
  });
});

describe('the role admin', () => {
  it('is needed for every path, and a named key can have it', async () => {
    const server = await startKeyed();
    const user = await makeKey(server);
    const admin = await makeKey(server, { name: 'boss', role: 'admin' });
    for (const path of ['keys', 'usage', 'requests', 'limits', 'models', 'turns', 'health']) {
      const refused = await server.ask(`/admin/${path}`, { headers: server.bearer(user.secret) });
      expect([refused.status, await json(refused)], path).toMatchObject([403, { error: { code: 'forbidden' } }]);
      const allowed = await server.ask(`/admin/${path}`, { headers: server.bearer(admin.secret) });
      expect(allowed.status, path).toBe(200);
    }
    expect((await server.ask('/admin/keys', { headers: {} })).status).toBe(401);
  });

  it('is no use to pages of other origins, also where CORS_ORIGINS lets them chat', async () => {
    const server = await startKeyed({ env: { CORS_ORIGINS: '*' } });
    const from = (origin: string) => server.ask('/admin/keys', { body: { name: 'x' }, headers: { ...OWNER, origin } });
    expect((await from('https://evil.example')).status).toBe(403);
    expect((await from(server.server.url)).status).toBe(201);
  });
});

describe('usage and requests', () => {
  it('tell what was asked, by key and day, one by one and in blocks', async () => {
    const server = await startKeyed();
    const { secret } = await makeKey(server);
    const headers = { ...server.bearer(secret), 'user-agent': 'agent/1', 'x-session-id': 's1' };
    for (const stream of [true, false])
      await (await server.ask('/v1/chat/completions', { body: chat({ stream }), headers })).text();
    const requests = () => json(server.ask('/admin/requests?key=team&limit=1'));
    await expect.poll(async () => (await requests()).next, { timeout: 15_000 }).toBeDefined();
    const first = await requests();
    const rest = await json(server.ask(`/admin/requests?key=team&limit=1&cursor=${first.next}`));
    expect(rest.requests).toHaveLength(1);
    expect(rest.requests[0]?.id).not.toBe(first.requests[0]?.id);
    expect(await json(server.ask(`/admin/requests/${first.requests[0]?.id}`))).toMatchObject({
      request: { key: { name: 'team' }, status: 200 },
    });
    expect((await json(server.ask('/admin/usage?period=day&by=key,client&key=team'))).totals).toMatchObject([
      {
        key: 'team',
        client: 'agent',
        requests: 2,
        outputTokens: 10,
        period: expect.stringMatching(/^\d{4}-\d\d-\d\d$/u),
      },
    ]);
    expect((await json(server.ask('/admin/usage/sessions'))).sessions).toMatchObject([{ session: 's1', requests: 2 }]);
    expect((await json(server.ask('/admin/usage/blocks?key=team'))).blocks).toMatchObject([
      { active: true, requests: 2, pace: expect.anything() },
    ]);
  });

  it('refuse a question that they do not understand', async () => {
    const { ask } = await startKeyed();
    for (const query of [
      'usage?by=colour',
      'usage?form=2026-01-01',
      'usage?from=tomorrow',
      'requests?limit=0',
      'usage?period=day&timeZone=Mars/One',
    ]) {
      const refused = await ask(`/admin/${query}`);
      expect([refused.status, await json(refused)], query).toMatchObject([400, { error: { code: 'invalid_request' } }]);
    }
    expect((await ask('/admin/requests/req_none')).status).toBe(404);
    expect((await ask('/admin/nothing')).status).toBe(404);
    expect((await ask('/admin/usage', { method: 'DELETE' })).status).toBe(405);
  });
});

it('limits show the plan’s windows', async () => {
  const resetsAt = Math.ceil(Date.now() / 1000) + 3_600;
  const script: Script = async function* () {
    const limit = { status: 'allowed_warning', window: 'five_hour', utilization: 0.9, resetsAt } as const;
    yield { type: 'notice', notice: { kind: 'rate_limit', limit } };
    yield* answer('Hello');
  };
  const { ask } = await startKeyed({ script });
  await (await ask('/v1/chat/completions', { body: chat() })).text();
  await expect
    .poll(async () => (await json(ask('/admin/limits'))).windows, { timeout: 15_000 })
    .toMatchObject([{ window: 'five_hour', utilization: 0.9, status: 'allowed_warning', resetsAt: resetsAt * 1000 }]);
});

it('limits show windows that the engine tells of beside turns', async () => {
  const resetsAt = Math.ceil(Date.now() / 1000) + 3_600;
  const { ask, engine } = await startKeyed();
  engine.tell([{ status: 'allowed', window: 'extra_usage', utilization: 0.25, resetsAt }]);
  await expect
    .poll(async () => (await json(ask('/admin/limits'))).windows, { timeout: 15_000 })
    .toMatchObject([{ window: 'extra_usage', utilization: 0.25, status: 'allowed', resetsAt: resetsAt * 1000 }]);
});

describe('running turns', () => {
  it.each([true, false])('are shown and ended, streamed: %s', async (stream) => {
    const { ask, engine } = await startKeyed({ script: silence, env: { HEADER_WAIT_MS: '10' } });
    const running = ask('/v1/chat/completions', { body: chat({ stream }) });
    await until(() => engine.running === 1);
    const { turns } = await json(ask('/admin/turns'));
    expect(turns).toMatchObject([{ modelAsked: 'gpt-4o', dialect: 'openai-chat', streamed: stream }]);
    expect((await ask(`/admin/turns/${turns[0]?.id}`, { method: 'DELETE' })).status).toBe(200);
    expect(await (await running).text()).toContain('An admin of this server has ended this turn.');
    await until(() => engine.running === 0);
    expect((await json(ask('/admin/turns'))).turns).toEqual([]);
    expect((await ask(`/admin/turns/${turns[0]?.id}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('are also ended while they wait for a place', async () => {
    const { ask, engine } = await startKeyed({ script: silence, env: { MAX_CONCURRENCY: '1' } });
    const answers = [1, 2].map(() => ask('/v1/chat/completions', { body: chat() }));
    await expect.poll(async () => (await json(ask('/admin/turns'))).turns, { timeout: 15_000 }).toHaveLength(2);
    const { turns } = await json(ask('/admin/turns'));
    for (const { id } of turns.toReversed()) await ask(`/admin/turns/${id}`, { method: 'DELETE' });
    for (const each of answers) expect(await (await each).text()).toContain('An admin of this server');
    expect(engine.turns).toHaveLength(1);
  });
});

it('health names what is wrong with a remedy, models their aliases', async () => {
  const { ask, engine } = await startKeyed();
  expect(await json(ask('/admin/health'))).toMatchObject({ status: 'ok', problems: [] });
  engine.healthy = { ok: true, degraded: 'The login was refused.', gauges: {} };
  expect(await json(ask('/admin/health'))).toMatchObject({
    problems: [{ problem: 'The login was refused.', remedy: expect.stringContaining('doctor') }],
  });
  const { models, aliases } = await json(ask('/admin/models'));
  expect(models).toContainEqual(expect.objectContaining({ id: 'claude-sonnet-5-5' }));
  expect(aliases).toContainEqual({ name: 'gpt-4o', model: expect.stringContaining('claude-') });
});
