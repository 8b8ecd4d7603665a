/** Each page at a real server with its database: what it shows, what its forms do, and that nothing escapes into HTML. */
import { describe, expect, it } from 'vitest';
import type { PlanState } from '../../src/access/limits/plan-state.ts';
import { answer, silence, until, type Script } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { openDashboard } from './browser.ts';
import { escaped, foreignMarkup } from './markup.ts';

const secretIn = (html: string): string => /<code id="secret">(ocp_[\w-]{43})<\/code>/u.exec(html)?.[1] ?? '';

const FIVE_HOURS: Script = async function* () {
  const resetsAt = Math.ceil(Date.now() / 1000) + 3_600;
  const limit = { status: 'allowed_warning', window: 'five_hour', utilization: 0.9, resetsAt } as const;
  yield { type: 'notice', notice: { kind: 'rate_limit', limit } };
  yield* answer('Hello');
};

describe('keys', () => {
  it('are made, shown once, limited, and revoked after a question', async () => {
    const { login, visit, submit, ask, bearer } = await openDashboard();
    await login();
    expect((await visit('/dashboard/keys')).html).toContain('Make one for each person or program');
    const made = await submit('/dashboard/keys', {
      name: 'team',
      role: 'user',
      requestsPerMinute: '1',
      usdPerDay: '2.5',
      'planShare.five_hour': '30',
      allowedModels: 'haiku\r\nclaude-sonnet-*',
      aliases: 'fast = haiku',
      expiresOn: '2999-01-31',
    });
    const secret = secretIn(made.html);
    expect([made.status, secret.length]).toEqual([200, 47]);
    const { keys } = (await (await ask('/admin/keys')).json()) as { keys: { id: string }[] };
    expect(keys).toMatchObject([
      {
        name: 'team',
        role: 'user',
        limits: { requestsPerMinute: 1, usdPerDay: 2.5, planShare: { five_hour: 0.3 } },
        allowedModels: ['haiku', 'claude-sonnet-*'],
        aliases: { fast: 'haiku' },
        expiresAt: Date.parse('2999-01-31T23:59:59Z'),
      },
    ]);
    const path = `/dashboard/keys/${keys[0]?.id}`;
    expect((await visit('/dashboard/keys')).html).toContain('Share of the plan, 5 hours: 30 %');
    for (const page of ['/dashboard/keys', path]) expect((await visit(page)).html).not.toContain(secret);

    const hello = () => ask('/v1/chat/completions', { body: chat({ model: 'fast' }), headers: bearer(secret) });
    expect([(await hello()).status, (await hello()).status]).toEqual([200, 429]);
    const saved = await submit(path, { name: 'team', role: 'user', requestsPerMinute: '50', aliases: 'fast = haiku' });
    expect(saved.headers.get('location')).toBe(`${path}?saved`);
    expect((await visit(`${path}?saved`)).html).toContain('Saved.');
    expect((await hello()).status).toBe(200);

    expect((await visit(`${path}/revoke`)).html).toContain('This cannot be undone');
    expect((await submit(`${path}/revoke`, {})).status).toBe(303);
    expect((await hello()).status).toBe(401);
    expect((await visit('/dashboard/keys')).html).not.toContain('team');
    expect((await visit('/dashboard/keys?revoked=1')).html).toContain('revoked <time');
  });

  it('come back as they were typed where something is wrong, with the field named', async () => {
    const { login, submit, ask } = await openDashboard();
    await login();
    const wrong: readonly (readonly [Record<string, string>, string])[] = [
      [{ name: '' }, 'field-name'],
      [{ requestsPerMinute: 'many' }, 'field-requestsPerMinute'],
      [{ tokensPerDay: '1.5' }, 'field-tokensPerDay'],
      [{ usdPerMonth: '-1' }, 'field-usdPerMonth'],
      [{ 'planShare.five_hour': '130' }, 'field-planShare-five_hour'],
      [{ aliases: 'fast' }, 'field-aliases'],
      [{ expiresOn: 'tomorrow' }, 'field-expiresOn'],
      [{ role: 'emperor' }, ''],
    ];
    for (const [fields, id] of wrong) {
      const { status, html } = await submit('/dashboard/keys', { name: 'kept as typed', role: 'user', ...fields });
      expect([status, html.includes('role="alert"')], JSON.stringify(fields)).toEqual([400, true]);
      if (id !== '') expect(html).toMatch(new RegExp(`id="${id}"[^>]*aria-invalid="true"`, 'u'));
      if (!('name' in fields)) expect(html).toContain('value="kept as typed"');
    }
    expect(await (await ask('/admin/keys')).json()).toEqual({ keys: [] });
  });

  it('keep a date that the form did not change to the second', async () => {
    const { login, submit, ask } = await openDashboard();
    await login();
    const expiresAt = Date.parse('2999-01-31T10:11:12Z');
    const made = await ask('/admin/keys', {
      body: { name: 'x', expiresAt, limits: { planShare: { seven_day: 0.123 } } },
    });
    const { key } = (await made.json()) as { key: { id: string } };
    await submit(`/dashboard/keys/${key.id}`, {
      name: 'y',
      role: 'user',
      expiresOn: '2999-01-31',
      'planShare.seven_day': '12.3',
    });
    expect(await (await ask(`/admin/keys/${key.id}`)).json()).toMatchObject({
      key: { name: 'y', expiresAt, limits: { planShare: { seven_day: 0.123 } } },
    });
  });
});

describe('now', () => {
  it('shows what runs and waits, and ends it', async () => {
    const { login, visit, submit, ask, engine } = await openDashboard({
      script: silence,
      env: { MAX_CONCURRENCY: '1' },
    });
    await login();
    expect((await visit('/dashboard')).html).toContain('No request runs at the moment');
    const answers = [1, 2].map(() => ask('/v1/chat/completions', { body: chat() }));
    await until(() => engine.running === 1);
    await expect.poll(async () => (await visit('/dashboard')).html, { timeout: 15_000 }).toMatch(/waits, /u);
    const { html } = await visit('/dashboard');
    expect(html).toMatch(/runs, /u);
    const ends = [...html.matchAll(/action="(\/dashboard\/turns\/req_\w+\/cancel)"/gu)].map(([, path]) => path ?? '');
    expect(ends).toHaveLength(2);
    for (const path of ends.toReversed()) expect((await submit(path, {})).headers.get('location')).toBe('/dashboard');
    for (const each of answers) expect(await (await each).text()).toContain('An admin of this server');
    expect((await submit(ends[0] ?? '', {})).status).toBe(404);
  });

  it('shows the processes of the engine and what they hold', async () => {
    const { login, visit, ask, engine } = await openDashboard();
    Object.assign(engine, {
      processes: () => [
        {
          id: 4711,
          state: 'waiting',
          model: 'haiku',
          messages: 12,
          waitingCalls: 2,
          turnsServed: 40,
          stateSeconds: 75,
        },
      ],
    });
    await login();
    const { html } = await visit('/dashboard');
    for (const text of ['4711', 'waits for the client’s tools, 1 min 15 s', '12 messages, 2 calls without a result'])
      expect(html).toContain(text);
    expect(await (await ask('/admin/processes')).json()).toMatchObject({ processes: [{ id: 4711, messages: 12 }] });
  });
});

it('limits show the windows of the plan, who used how much, and the budgets of keys', async () => {
  const { login, visit, submit, ask, bearer } = await openDashboard({ script: FIVE_HOURS });
  await login();
  expect((await visit('/dashboard/limits')).html).toContain('Nothing is known of the plan’s windows yet');
  const { html: made } = await submit('/dashboard/keys', { name: 'team', role: 'user', tokensPerDay: '1000' });
  const hello = () => ask('/v1/chat/completions', { body: chat(), headers: bearer(secretIn(made)) });
  await (await hello()).text();
  await expect
    .poll(async () => (await visit('/dashboard/limits')).html, { timeout: 15_000 })
    .toMatch(/5 hours[^]*90 % used[^]*nearly full/u);
  const { html } = await visit('/dashboard/limits');
  expect(html).toMatch(/Tokens a day: \d+ of 1,000/u);
  expect(html).toMatch(/<meter [^>]*value="0.9"/u);
});

it('limits say when a window is full at the pace of the last hour', async () => {
  const { login, visit, store } = await openDashboard();
  const [now, hour] = [Date.now(), 3_600_000];
  const window = { status: 'allowed', seenAt: now, pending: {}, resetsAt: now + 3 * hour } as const;
  const plan: PlanState = {
    windows: {
      five_hour: {
        ...window,
        utilization: 0.6,
        shares: { key_gone: 0.2 },
        samples: [
          [now - hour, 0.2],
          [now, 0.6],
        ],
      },
      seven_day: {
        ...window,
        utilization: 0.3,
        shares: {},
        samples: [
          [now - hour, 0.299],
          [now, 0.3],
        ],
      },
      seven_day_new: { ...window, utilization: 0.1, shares: {}, samples: [] },
    },
    coolDowns: { opus: { until: now + 60_000, resetsAt: now + hour } },
  };
  const stored = store.sharedValue<PlanState>({ id: 'plan', initial: plan, parse: () => plan });
  await stored.change(() => ({ value: { ...plan }, result: undefined }));
  await login();
  const { html } = await visit('/dashboard/limits');
  const full = new Date(now + hour).toISOString().slice(0, 16).replace('T', ' ');
  expect(html).toMatch(new RegExp(`5 hours[^]*At this rate full at <time[^>]*>${full}`, 'u'));
  expect(html).toContain('it lasts until it begins anew');
  expect(html).toContain('The pace is known after some minutes');
  expect(html).toContain('seven day new');
  expect(html).toContain('key_gone 20 %');
  expect(html).toMatch(/for models of the family opus[^]*opens again at/u);
  expect((await visit('/dashboard/health')).html).toContain('Other model families are answered.');
});

it('pages say so where the database is gone, and health says what helps', async () => {
  const { login, visit } = await openDashboard({ env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' } });
  await login();
  const keys = await visit('/dashboard/keys');
  expect([keys.status, keys.html.includes('The database does not answer.')]).toEqual([503, true]);
  expect(keys.html).toContain('Log out');
  expect((await visit('/dashboard')).status).toBe(200);
});

it('models show their aliases and the patterns of MODEL_MAP', async () => {
  const { login, visit, ask } = await openDashboard({ env: { MODEL_MAP: 'gpt-9*=haiku,mine=sonnet' } });
  await login();
  expect(await (await ask('/admin/models')).json()).toMatchObject({ patterns: [{ name: 'gpt-9*', model: 'haiku' }] });
  const { html } = await visit('/dashboard/models');
  for (const name of ['claude-sonnet-5-5', 'gpt-9*', 'mine', 'gpt-4o']) expect(html).toContain(`<code>${name}</code>`);
});

it('health shows what is wrong and what helps', async () => {
  const { login, visit, engine } = await openDashboard();
  await login();
  expect((await visit('/dashboard/health')).html).toContain('Everything works.');
  engine.healthy = { ok: true, degraded: 'The login was refused.', gauges: { processes: 3 } };
  const { html } = await visit('/dashboard/health');
  for (const text of ['The login was refused.', 'doctor', 'processes', 'a login']) expect(html).toContain(text);
});

describe('what clients send', () => {
  const ATTACKS = [
    '<script>alert(1)</script>',
    `"><img src=x onerror=alert(1)>`,
    `' onmouseover='alert(1)`,
    'javascript:alert(1)',
    '</textarea></title><svg/onload=alert(1)>',
    '&lt;b&gt; &amp;',
  ];

  it.each(ATTACKS)('is shown as text on every page: %s', async (attack) => {
    const { login, visit, ask, submit, bearer, engine, url } = await openDashboard({
      script: silence,
      env: {
        DRAIN_TIMEOUT_MS: '100',
        HEADER_WAIT_MS: '10',
        MODEL_MAP: JSON.stringify({ [`${attack}*`]: attack, [attack]: 'haiku' }),
      },
    });
    await login();
    const made = await submit('/dashboard/keys', {
      name: attack,
      role: 'user',
      allowedModels: `${attack}\nclaude-*`,
      aliases: attack.includes('=') ? 'a = b' : `${attack} = haiku`,
      tokensPerDay: '5',
    });
    const { keys } = (await (await ask('/admin/keys')).json()) as { keys: { id: string; name: string }[] };
    expect(keys).toMatchObject([{ name: attack }]);
    const controller = new AbortController();
    const running = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': attack, ...bearer(secretIn(made.html)) },
      body: JSON.stringify(chat({ model: `gpt-4o-${attack}` })),
      signal: controller.signal,
    }).catch(() => undefined);
    await expect.poll(() => engine.running, { timeout: 15_000 }).toBe(1);
    const id = keys[0]?.id;
    const pages = ['', '/keys', `/keys/${id}`, `/keys/${id}/revoke`, '/limits', '/models', '/health'];
    const seen = await Promise.all(pages.map((path) => visit(`/dashboard${path}`)));
    const failed = await submit('/dashboard/keys', {
      name: attack,
      role: attack,
      tokensPerDay: attack,
      expiresOn: attack,
    });
    const lost = await visit(`/dashboard/keys/${encodeURIComponent(attack)}`);
    const foreign = await visit(`/dashboard?x=${encodeURIComponent(attack)}`, { headers: { cookie: '' } });
    for (const { html } of [made, ...seen, failed, lost, foreign]) expect(foreignMarkup(html)).toEqual([]);
    for (const { html } of [made, ...seen.slice(0, 4), failed]) expect(html).toContain(escaped(attack));
    controller.abort();
    await running;
  });
});
