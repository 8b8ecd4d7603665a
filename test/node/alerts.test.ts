/** Alerts of a real server, at a real HTTP receiver. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TurnEvent } from '../../src/turn/events.ts';
import type { LogLine } from '../http/set-up.ts';
import { answer } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { newStateDir, OWNER, startKeyed } from './keyed-server.ts';

interface Call {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

let receiver: Server;
let calls: Call[] = [];
/** What the receiver answers with, one call after the other; then 200. `hang`: nothing. */
let statuses: (number | 'hang')[] = [];
beforeEach(async () => {
  calls = [];
  statuses = [];
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const { url = '', headers } = request;
      calls.push({ url, headers, body: JSON.parse(text) as Record<string, unknown> });
      const status = statuses.shift() ?? 200;
      if (status !== 'hang') response.writeHead(status).end('thank you');
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterEach(() => {
  receiver.closeAllConnections();
  receiver.close();
});

const address = (path = '/hook/SECRET-PATH') => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

/** What is told behind the answer comes within a few seconds. */
const soon = <Value>(read: () => Value) => expect.poll(read, { timeout: 20_000 });

const windowAt = (utilization: () => number) => {
  const resetsAt = Math.round(Date.now() / 1000) + 3_600;
  return async function* (): AsyncGenerator<TurnEvent, void, undefined> {
    const limit = { status: 'allowed' as const, window: 'five_hour', utilization: utilization(), resetsAt };
    yield { type: 'notice', notice: { kind: 'rate_limit', limit } };
    yield* answer('Hello');
  };
};

const logInto = (lines: LogLine[]) => {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
const alertLines = (lines: readonly LogLine[]) =>
  lines.filter(({ level, fields }) => level === 'warn' && 'alert' in fields);

it('are sent at 80 % and 95 % of a window, once over servers that share the database and over a restart', async () => {
  let utilization = 0.5;
  const script = windowAt(() => utilization);
  const lines: LogLine[] = [];
  const given = { script, log: logInto(lines), stateDir: newStateDir(), env: { ALERT_WEBHOOK: address() } };
  const first = await startKeyed(given);
  const second = await startKeyed(given);
  const askBoth = async () => {
    for (const { ask } of [first, second])
      expect((await ask('/v1/chat/completions', { body: chat() })).status).toBe(200);
  };
  await askBoth();
  utilization = 0.83;
  await askBoth();
  await soon(() => calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    url: '/hook/SECRET-PATH',
    headers: { 'content-type': 'application/json' },
    body: { type: 'usage_alert', kind: 'plan_window', limit: 'five_hour', threshold: 0.8, used: 0.83, allowed: 1 },
  });
  expect(calls[0]?.body['text']).toContain("83 % of the plan's five_hour window is used");
  utilization = 0.96;
  await askBoth();
  await soon(() => calls.map(({ body }) => body['threshold'])).toEqual([0.8, 0.95]);
  // The end of a server looks once more; the next one begins with what is known.
  await first.server.close();
  const third = await startKeyed(given);
  await third.ask('/v1/chat/completions', { body: chat() });
  await third.server.close();
  await second.server.close();
  expect(calls).toHaveLength(2);
  expect(alertLines(lines).map(({ fields }) => fields)).toMatchObject([{ threshold: 0.8 }, { threshold: 0.95 }]);
});

it('are sent for the budget of a key and for its share of a window, also in the form of Slack', async () => {
  let utilization = 0.1;
  const { ask, bearer, server } = await startKeyed({
    script: windowAt(() => utilization),
    env: { ALERT_WEBHOOK: address(), ALERT_FORMAT: 'slack' },
  });
  const limits = { tokensPerDay: 14, planShare: { five_hour: 0.3 } };
  const made = await ask('/admin/keys', { body: { name: 'team', limits } });
  const { secret } = (await made.json()) as { secret: string };
  const askAs = async () => {
    const { status } = await ask('/v1/chat/completions', { body: chat(), headers: bearer(secret) });
    expect(status).toBe(200);
  };
  await askAs();
  await soon(() => calls).toHaveLength(1);
  expect(calls[0]?.body).toEqual({
    text: expect.stringMatching(
      /^The key team has used 85\.\d % of its limit tokensPerDay \(12 of 14\), which is past 80 %/u,
    ),
  });
  utilization = 0.38;
  await askAs();
  await soon(() => calls.map(({ body }) => body['text'])).toEqual(
    expect.arrayContaining([
      expect.stringContaining("of its part of the plan's five_hour window (28 % of the window, of 30 %)"),
      expect.stringContaining('(24 of 14), which is past 95 %'),
    ]),
  );
  await server.close();
  expect(calls).toHaveLength(3);
});

it('are sent again after a failure, and health and log say so without the address', async () => {
  statuses = [500, 302, 404];
  const lines: LogLine[] = [];
  const { ask, server } = await startKeyed({
    script: windowAt(() => 0.9),
    log: logInto(lines),
    env: { ALERT_WEBHOOK: address() },
  });
  const healthOf = async () => (await (await ask('/health')).json()) as { alerts?: unknown };
  expect(await healthOf()).toMatchObject({ alerts: { ok: true, sent: 0, waiting: 0 } });
  await ask('/v1/chat/completions', { body: chat() });
  await soon(() => calls.length).toBeGreaterThan(0);
  await soon(healthOf).toMatchObject({
    alerts: { ok: false, reason: 'The alert webhook failed: it answered with status 500', waiting: 1 },
  });
  const page = await (await ask('/admin/health')).json();
  expect(page).toMatchObject({ problems: [{ remedy: expect.stringContaining('ALERT_WEBHOOK') }] });
  await soon(healthOf).toMatchObject({ alerts: { ok: true, sent: 1, waiting: 0 } });
  expect(calls).toHaveLength(4);
  expect(alertLines(lines)).toHaveLength(1);
  expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual(
    [500, 302, 404].map((status) => `The alert webhook failed: it answered with status ${status}`),
  );
  expect(JSON.stringify([lines, await healthOf()])).not.toContain('SECRET-PATH');
  await server.close();
});

it('that a server could not send before its end are sent by the next one', async () => {
  statuses = ['hang'];
  const given = { script: windowAt(() => 0.9), stateDir: newStateDir(), env: { ALERT_WEBHOOK: address() } };
  const first = await startKeyed(given);
  await first.ask('/v1/chat/completions', { body: chat() });
  // No request waits for it, and the end does not either.
  await soon(() => calls).toHaveLength(1);
  expect((await first.ask('/v1/chat/completions', { body: chat() })).status).toBe(200);
  await first.server.close();
  // As if the time had passed after which the server counts as ended.
  const reader = await startKeyed({ ...given, env: {} });
  const stored = reader.store.sharedValue<Record<string, object>>({
    id: 'alerts',
    initial: {},
    parse: (it) => it as never,
  });
  await stored.change((state) => ({
    value: Object.fromEntries(Object.entries(state).map(([id, told]) => [id, { ...told, sendingUntil: 1 }])),
    result: undefined,
  }));
  const next = await startKeyed(given);
  // Nobody has to ask for anything.
  await soon(() => calls).toHaveLength(2);
  expect(calls[1]?.body).toEqual(calls[0]?.body);
  await next.server.close();
});

it('reach a webhook with a password, and say of one that is not there only why', async () => {
  const withPassword = address().replace('http://', 'http://user:p%40ss@');
  const { ask } = await startKeyed({ script: windowAt(() => 0.9), env: { ALERT_WEBHOOK: withPassword } });
  await ask('/v1/chat/completions', { body: chat() });
  await soon(() => calls).toHaveLength(1);
  expect(calls[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);

  const lines: LogLine[] = [];
  const gone = await startKeyed({
    script: windowAt(() => 0.9),
    log: logInto(lines),
    env: { ALERT_WEBHOOK: 'http://127.0.0.1:1/SECRET-PATH' },
  });
  await gone.ask('/v1/chat/completions', { body: chat(), headers: OWNER });
  await soon(() => lines.map(({ message }) => message)).toContain(
    'The alert webhook failed: it cannot be reached (ECONNREFUSED)',
  );
  expect(JSON.stringify(lines)).not.toContain('SECRET-PATH');
});
