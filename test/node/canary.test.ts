/**
 * Canaries: a secret in every place where one can enter, and then a look at every place where one could come out. Real
 * server, real command line, both engines.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { createRouteTable } from '../../src/http/routes.ts';
import { dialects } from '../../src/dialects/index.ts';
import { until } from '../http/scripted-engine.ts';
import { argumentsBelow, filesBelow, runCli, startGossip, startReceiver, type Receiver } from './canary-support.ts';
import { endAfterEach, listening, newHome, start, type SpawnedServer } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

/** Many programs start one after the other; a machine may be busy. */
const LIMIT_MS = 240_000;

/** Every canary has this word, in a case that nothing changes, and a name that tells which one it was. */
const WORD = 'Kanarienvogel';
const canary = (name: string): string => `${WORD}-${name}-0123456789`;

/** Where the canaries that were found stand, with what stands around them. */
const found = (places: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(places).flatMap(([place, text]) =>
    [...text.matchAll(new RegExp(`.{0,60}${WORD}-\\w+.{0,20}`, 'gu'))].map(([around]) => `${place}: ${around}`),
  );

const settings = (receivers: { hook: Receiver; collector: Receiver }, url: string): Record<string, string> => ({
  PORT: '0',
  LOG_LEVEL: 'trace',
  ANTHROPIC_API_KEY: canary('apikey'),
  ANTHROPIC_BASE_URL: url,
  PROXY_API_KEY: `${canary('clientkey1')}, ${canary('clientkey2')}`,
  PROXY_ENCRYPTION_KEY: canary('encryption'),
  ALERT_WEBHOOK: `${receivers.hook.url}/services/${canary('webhook')}?token=${canary('hookquery')}`,
  OTEL_EXPORTER_OTLP_ENDPOINT: receivers.collector.url.replace('//', `//me:${canary('collector')}@`),
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=Basic%20${canary('otelheader')}`,
  OTEL_BSP_SCHEDULE_DELAY: '50',
  // Slips that are only warned of.
  ANTHROPIC_API_KEYY: canary('slip1'),
  ALERT_WEBHOK: `https://hooks.example/${canary('slip2')}`,
});

const OWNER = { authorization: `Bearer ${canary('clientkey1')}` };

type Ask = (path: string, body?: unknown, headers?: Record<string, string>) => Promise<string>;

const askAt =
  (url: string): Ask =>
  async (path, body, headers = OWNER) => {
    const response = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return `${response.status} ${JSON.stringify([...response.headers])} ${text}`;
  };

/** What a caller may say, in words that nobody but the model is to see. */
const turns: readonly [path: string, body: Record<string, unknown>][] = [
  [
    '/v1/chat/completions',
    {
      model: 'gpt-4o',
      user: canary('user'),
      metadata: { note: canary('metadata') },
      seed: 7,
      messages: [
        { role: 'system', content: canary('system') },
        { role: 'user', content: `${canary('prompt')} [[text:${canary('answer')}]]` },
      ],
      tools: [
        { type: 'function', function: { name: 'look', description: canary('tool'), parameters: { type: 'object' } } },
      ],
    },
  ],
  [
    '/v1/messages',
    {
      model: 'sonnet',
      max_tokens: 50,
      stream: true,
      metadata: { user_id: canary('userid') },
      messages: [{ role: 'user', content: `${canary('prompt')} [[text:${canary('answer')}]]` }],
    },
  ],
  [
    '/v1/responses',
    { model: 'gpt-4o', store: false, instructions: canary('instructions'), input: `[[text:${canary('answer')}]]` },
  ],
  [
    '/v1/chat/completions',
    {
      model: 'gpt-4o',
      messages: [
        { role: 'user', content: canary('question') },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'look', arguments: `{"at":"${canary('argument')}"}` } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: canary('result') },
      ],
    },
  ],
];

/** Requests that are wrong, with something private in them. */
const wrong: readonly [path: string, body: unknown, headers?: Record<string, string>][] = [
  ['/v1/chat/completions', `{"model": "gpt-4o", "messages": "${canary('brokenjson')}`],
  ['/v1/chat/completions', { model: 'gpt-4o', messages: canary('notmessages') }],
  ['/v1/messages', { model: 'sonnet', max_tokens: canary('notanumber'), messages: [] }],
  [
    '/v1/responses',
    { model: 'gpt-4o', input: [{ type: 'message', role: 'user', content: { x: canary('notcontent') } }] },
  ],
  ['/v1/chat/completions', {}, { authorization: `Bearer ${canary('wrongkey')}` }],
  ['/v1/messages', {}, { 'x-api-key': canary('wrongapikey') }],
  ['/v1/messages', {}, { authorization: `Bearer ocp_${WORD}-wrongnamed-${'x'.repeat(19)}` }],
  [`/v1/models?key=${canary('query')}`, undefined],
  [`/admin/requests?token=${canary('adminquery')}`, undefined],
  ['/admin/keys', { name: 'x', limits: { tokensPerDay: canary('limit') } }],
  ['/v1/messages', {}, { ...OWNER, cookie: `session=${canary('cookie')}`, 'x-secret': canary('header') }],
];

const COMMANDS = [
  ['status', '--json'],
  ['config'],
  ['doctor', '--offline'],
  ['usage', '--by', 'key'],
  ['logs', '--json'],
  ['keys', 'list'],
];

/** Every page and every list, with the dashboard's own cookie. */
const pagesOf = async (ask: Ask, ids: { request: string; key: string }): Promise<Record<string, string>> => {
  const readable = createRouteTable(dialects)
    .filter(
      ({ method, path, aliasOf }) => method === 'GET' && aliasOf === undefined && !/[*]|:version|:model/u.test(path),
    )
    .map(({ path }) => path.replace(':id', path.includes('key') ? ids.key : ids.request));
  const pages: Record<string, string> = {};
  for (const path of new Set(readable)) pages[`GET ${path}`] = await ask(path);
  return pages;
};

const logIn = async (url: string): Promise<Record<string, string>> => {
  const response = await fetch(`${url}/dashboard/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ key: canary('clientkey1') }),
  });
  await response.arrayBuffer();
  return {
    ...OWNER,
    cookie: response.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; '),
  };
};

/** Where logins are kept by purpose: of Claude Code, private and in its own form. */
const LOGIN_FILES = /\.credentials\.json|\.claude\.json/u;

/** Ends the server, so that everything is written, and looks at what it leaves. */
const leftBy = async (server: SpawnedServer, places: Record<string, string>): Promise<readonly string[]> => {
  server.child.kill('SIGTERM');
  await server.exit;
  const files = filesBelow(server.home, LOGIN_FILES);
  expect(Object.keys(files)).toContainEqual(expect.stringContaining('proxy.db'));
  return found({ ...places, ...files, stdout: server.output.out, stderr: server.output.err });
};

describe.each(['anthropic-api', 'claude-code'])('with the engine %s', (ENGINE) => {
  it('no secret and no content comes out', { timeout: LIMIT_MS }, async () => {
    await using hook = await startReceiver();
    await using collector = await startReceiver();
    const env = { ...settings({ hook, collector }, upstream.url), ENGINE };
    const server = start(env);
    const url = await listening(server);
    const ask = askAt(url);
    const made = /"secret":"(ocp_[^"]+)"/u.exec(
      await ask('/admin/keys', { name: 'team', limits: { tokensPerDay: 1, requestsPerMinute: 50 } }),
    );
    const named = made?.[1] ?? '';
    const asTeam = { authorization: `Bearer ${named}` };

    const running = ask('/v1/chat/completions', {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: `[[slow:20]] ${canary('prompt')} [[tokens:60]]` }],
    });
    await until(() => argumentsBelow(server.child.pid ?? 0).length > (ENGINE === 'claude-code' ? 1 : 0));
    const commandLines = argumentsBelow(server.child.pid ?? 0).join('\n');
    await running;
    for (const [path, body] of turns) expect(await ask(path, body), path).toMatch(/^200 /u);
    expect(await ask('/v1/chat/completions', turns[0]?.[1], asTeam)).toMatch(/^200 /u);

    const places: Record<string, string> = { commandLines };
    for (const [index, [path, body, headers]] of wrong.entries()) {
      const answer = await ask(path, body, headers);
      // Callers are told of their own words; what is looked at is what stays here.
      if (headers !== undefined) places[`answer ${index} of ${path}`] = answer;
    }
    await until(() => hook.received.length > 0 && collector.received.join('').includes('chat gpt-4o'));
    const withCookie = await logIn(url);
    const list = await ask('/admin/requests');
    const request = /"id":"(req_[^"]+)"/u.exec(list)?.[1] ?? '';
    const key = /"id":"(key_[^"]+)"/u.exec(await ask('/admin/keys'))?.[1] ?? '';
    const pages = await pagesOf((path) => ask(path, undefined, withCookie), { request, key });
    expect(pages['GET /dashboard/health']).toMatch(/^200 /u);
    expect(pages['GET /metrics']).toContain('proxy_requests_total');
    const cli = { ...env, PORT: new URL(url).port };
    await Promise.all(
      COMMANDS.map(async (args) => (places[args.join(' ')] = (await runCli(args, server.home, cli)).text)),
    );
    Object.assign(places, pages, { webhook: hook.received.join('\n'), traces: collector.received.join('\n') });
    expect(await leftBy(server, places)).toEqual([]);
    // The key was shown once, when it was made.
    const all = [...Object.values(places), ...Object.values(filesBelow(server.home, LOGIN_FILES)), server.output.out];
    expect(named).toMatch(/^ocp_/u);
    expect(all.filter((text) => text.includes(named))).toEqual([]);
  });

  it('an upstream that repeats keys in its errors tells nobody else', { timeout: LIMIT_MS }, async () => {
    await using gossip = await startGossip();
    await using hook = await startReceiver(500);
    await using collector = await startReceiver(500);
    const server = start({ ...settings({ hook, collector }, gossip.url), ENGINE });
    const url = await listening(server);
    const ask = askAt(url);
    const places: Record<string, string> = {};
    for (const [path, body] of turns.slice(0, 3))
      places[`answer of ${path}`] = await ask(path, { ...body, ...(path.includes('chat') && { stream: true }) });
    expect(places['answer of /v1/chat/completions']).toContain('[redacted]');
    places['health'] = await ask('/health');
    places['requests'] = await ask('/admin/requests');
    await until(() => collector.received.length > 0);
    places['traces'] = collector.received.join('\n');
    expect(await leftBy(server, places)).toEqual([]);
  });
});

it.each([
  ['a token', { CLAUDE_CODE_OAUTH_TOKEN: `sk-ant-oat01-${canary('oauth')}` }],
  [
    'credentials',
    {
      CLAUDE_OAUTH_CREDS: JSON.stringify({
        claudeAiOauth: {
          accessToken: `sk-ant-oat01-${canary('access')}`,
          refreshToken: `sk-ant-ort01-${canary('refresh')}`,
          expiresAt: 4_102_444_800_000,
          scopes: ['user:inference'],
        },
      }),
    },
  ],
])('a login by %s does not come out', async (_name, login) => {
  await using gossip = await startGossip();
  const server = start({ PORT: '0', LOG_LEVEL: 'trace', ANTHROPIC_BASE_URL: gossip.url, ...login });
  const url = await listening(server);
  const ask = askAt(url);
  const answer = await ask('/v1/chat/completions', turns[0]?.[1], {});
  const places = {
    answer,
    health: await ask('/health', undefined, {}),
    commandLines: argumentsBelow(server.child.pid ?? 0).join('\n'),
    doctor: (await runCli(['doctor', '--offline'], server.home, { ...login, ANTHROPIC_BASE_URL: gossip.url })).text,
  };
  expect(await leftBy(server, places)).toEqual([]);
});

it('a database that cannot be had is told without its password', async () => {
  const home = newHome();
  const server = start(
    {
      PORT: '0',
      LOG_LEVEL: 'trace',
      ENGINE: 'anthropic-api',
      ANTHROPIC_API_KEY: 'key',
      ANTHROPIC_BASE_URL: upstream.url,
      DATABASE_URL: `postgres://me:${encodeURIComponent(canary('p@ss'))}@127.0.0.1:1/${WORD.toLowerCase()}`,
    },
    { home },
  );
  const url = await listening(server);
  const ask = askAt(url);
  expect(await ask('/v1/chat/completions', turns[0]?.[1], {})).toMatch(/^200 /u);
  await until(() => server.output.out.includes('the ledger cannot be written'));
  const places = { health: await ask('/health', undefined, {}), usage: await ask('/admin/usage', undefined, {}) };
  server.child.kill('SIGTERM');
  await server.exit;
  expect(found({ ...places, stdout: server.output.out, stderr: server.output.err })).toEqual([]);
});

it.each([
  {
    ALERT_WEBHOOK: `hooks.example/${canary('wrong')}`,
    DATABASE_URL: `mysql://me:${canary('wrong')}@host/db`,
    PORT: canary('wrong'),
    MODEL_MAP: `{"gpt-4o": ${canary('wrong')}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `user:${canary('wrong')}@collector`,
  },
  { PORT: '0', PROXY_API_KEYS: canary('wrong') },
  { PORT: '0', CLAUDE_OAUTH_CREDS: canary('wrong') },
])('wrong settings are named, and their values are not: %o', async (env) => {
  const { exit, output } = start(env);
  expect((await exit)[0]).toBe(1);
  for (const name of Object.keys(env).filter((each) => env[each as keyof typeof env] !== '0'))
    expect(output.err).toContain(name);
  expect(found({ out: output.out, err: output.err })).toEqual([]);
});
