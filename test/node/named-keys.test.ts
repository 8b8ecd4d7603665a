/** Named keys at a real server: who is let in, under which limits and names, and what is counted afterwards. */
import { describe, expect, it } from 'vitest';
import { createNamedKeys } from '../../src/access/named-keys.ts';
import { TurnError } from '../../src/turn/errors.ts';
import { systemClock } from '../../src/util/clock.ts';
import { answer, quietLog, type Script } from '../http/scripted-engine.ts';
import { chat, messages } from '../http/set-up.ts';
import { OWNER, startKeyed } from './keyed-server.ts';

const setUp = async (settings: object = {}, given: Parameters<typeof startKeyed>[0] = {}) => {
  const server = await startKeyed(given);
  const keys = createNamedKeys({ store: server.store.keys, clock: systemClock, log: quietLog });
  const { secret, key } = await keys.create({ name: 'team', ...settings });
  const ask = (body: object = chat(), path = '/v1/chat/completions') =>
    server.ask(path, { body, headers: server.bearer(secret) });
  return { ...server, keys, key, secret, askAs: ask };
};

/** What is told behind the answer is stored within a second or two. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 15_000 });

const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: { code: unknown } }).error.code;

describe('a named key', () => {
  it('lets its holder in until it is revoked, and says so then', async () => {
    const { keys, key, askAs, engine } = await setUp();
    expect((await askAs()).status).toBe(200);
    expect(engine.turns[0]?.owner).toBe(key.id);
    await keys.revoke(key.id);
    const refused = await askAs();
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('has been revoked')]);
  });

  it('expires', async () => {
    const { keys, key, askAs } = await setUp();
    await keys.update(key.id, { expiresAt: Date.now() - 1 });
    const refused = await askAs();
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('has expired')]);
  });

  it('may ask for its models only, under names of its own', async () => {
    const { askAs, engine } = await setUp({ allowedModels: ['haiku'], aliases: { fast: 'haiku', 'gpt-*': 'haiku' } });
    const answered = await askAs(chat({ model: 'gpt-9' }));
    expect(answered.status).toBe(200);
    expect(engine.turns[0]?.request.model).toContain('haiku');
    const refused = await askAs(messages({ model: 'opus' }), '/v1/messages');
    expect(refused.status).toBe(403);
    expect(engine.turns).toHaveLength(1);
  });

  it('is stopped at a limit, in the dialect, with its name, the time and the headers', async () => {
    const { askAs, ask } = await setUp({ limits: { requestsPerMinute: 1 } });
    const first = await askAs();
    expect([first.status, first.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '0']);
    const second = await askAs();
    expect(second.status).toBe(429);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(second.headers.get('x-ratelimit-limit-requests')).toBe('1');
    expect(await codeOf(second)).toBe('rate_limit_exceeded');
    const third = await askAs(messages(), '/v1/messages');
    expect(await third.json()).toMatchObject({ error: { type: 'rate_limit_error', limit: 'requestsPerMinute' } });
    expect((await ask('/v1/chat/completions', { body: chat(), headers: OWNER })).status).toBe(200);
  });

  it('gives a turn back when it ends, and counts its tokens', async () => {
    const { askAs } = await setUp({ limits: { turnsAtOnce: 1, tokensPerDay: 20 } });
    for (const _ of [1, 2]) expect((await askAs()).status).toBe(200);
    const refused = await askAs();
    expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('tokensPerDay')]);
  });

  it('has its limits and its rows in the metrics and the ledger', async () => {
    const { askAs, ask, store, key } = await setUp({ limits: { usdPerDay: 1 } });
    await (await askAs(chat({ stream: true }))).text();
    await soon(async () => (await store.ledger.requests({ key: 'team' }, { limit: 5 })).requests).toHaveLength(1);
    const { requests } = await store.ledger.requests({ key: 'team' }, { limit: 5 });
    expect(requests[0]?.key).toEqual({ id: key.id, name: 'team' });
    await soon(async () => (await ask('/metrics')).text()).toMatch(
      /proxy_key_limit_used\{key="team",limit="usdPerDay"\} 0\.\d*[1-9]/u,
    );
  });
});

describe('the account’s plan', () => {
  const resetsAt = Math.ceil(Date.now() / 1000) + 3_600;
  const telling: Script = async function* () {
    yield {
      type: 'notice',
      notice: { kind: 'rate_limit', limit: { status: 'allowed', window: 'five_hour', utilization: 0.4, resetsAt } },
    };
    yield* answer('Hello');
  };

  it('is in the headers of later answers, for Codex too, and in the metrics', async () => {
    const { ask, engine } = await startKeyed({ script: telling });
    await (await ask('/v1/messages', { body: messages() })).text();
    engine.script = () => answer('Hello');
    await soon(async () => (await ask('/metrics')).text()).toContain('proxy_plan_window_used{window="five_hour"} 0.4');
    const later = await ask('/v1/messages', { body: messages() });
    expect(later.headers.get('anthropic-ratelimit-unified-5h-utilization')).toBe('0.4');
    const codex = await ask('/v1/responses', { body: { model: 'sonnet', input: 'Hi' } });
    expect(codex.headers.get('x-codex-primary-used-percent')).toBe('40');
  });

  it('lets the API answer each request after a refusal, where no other server shares the account', async () => {
    const { ask, engine } = await startKeyed({
      // oxlint-disable-next-line require-yield
      script: async function* () {
        throw new TurnError('upstream_rate_limited', 'Limit reached.', { retryAfterSeconds: 30 });
      },
    });
    for (const _ of [1, 2]) {
      const refused = await ask('/v1/messages', { body: messages() });
      expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.closeTo(30, -1)]);
    }
    expect(engine.turns).toHaveLength(2);
  });
});

it('LOG_CONTENT keeps what was sent and answered; without it nothing is kept', async () => {
  for (const LOG_CONTENT of ['1', '0']) {
    const { ask, store } = await startKeyed({ env: { LOG_CONTENT } });
    for (const stream of [true, false]) {
      const response = await ask('/v1/chat/completions', { body: chat({ stream }) });
      await response.text();
      const id = response.headers.get('x-request-id') ?? '';
      await soon(() => store.ledger.request(id)).toBeDefined();
      const content = (await store.ledger.request(id))?.content;
      const kept = { request: expect.stringContaining('"Hi"'), response: expect.stringContaining('Hello') };
      expect(content).toEqual(LOG_CONTENT === '1' ? kept : undefined);
    }
  }
});
