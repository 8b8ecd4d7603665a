/** Usage, requests and the playground without a browser: what they show, refuse, and never show. */
import { describe, expect, it } from 'vitest';
import { chat } from '../http/set-up.ts';
import { openDashboard } from './browser.ts';
import { escaped, foreignMarkup } from './markup.ts';

const ATTACK = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
const PROMPT = 'the words of a person';

const asked = async (env: Record<string, string> = {}) => {
  const dashboard = await openDashboard({ env });
  const { ask, login, url } = dashboard;
  await login();
  const made = await ask('/admin/keys', { body: { name: ATTACK } });
  const { secret } = (await made.json()) as { secret: string };
  const send = async (body: object): Promise<void> => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${secret}`,
        'user-agent': ATTACK,
        'x-title': ATTACK,
        'x-session-id': ATTACK,
      },
      body: JSON.stringify(body),
    });
    await response.text();
  };
  await send(chat({ model: ATTACK, messages: [{ role: 'user', content: PROMPT }], logit_bias: { 5: 1 } }));
  await send({ model: ATTACK, messages: ATTACK });
  const rows = async () =>
    (await (await ask('/admin/requests')).json()) as { requests: { id: string; status: number }[] };
  await expect.poll(async () => (await rows()).requests.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
  // The two, and the key that was made.
  const { requests } = await rows();
  const idOf = (status: number): string => requests.find((each) => each.status === status)?.id ?? '';
  return { ...dashboard, answered: idOf(200), refused: idOf(400) };
};

describe('what was asked', () => {
  it('is text in every field of every page, and in the fields of the forms', async () => {
    const { visit, answered, refused } = await asked({ LOG_CONTENT: '1' });
    const query = new URLSearchParams({ key: ATTACK, model: ATTACK, client: ATTACK, session: ATTACK, status: ATTACK });
    for (const path of [
      '/usage',
      '/usage?by=key',
      '/usage?by=client',
      `/usage?${query.toString()}`,
      '/requests',
      `/requests?${query.toString()}`,
      `/requests/${answered}`,
      `/requests/${refused}`,
      `/requests/${answered}/content`,
      `/requests/${refused}/content`,
      `/usage?${new URLSearchParams({ from: ATTACK }).toString()}`,
      `/requests?${new URLSearchParams({ timeZone: ATTACK }).toString()}`,
      `/requests?${new URLSearchParams({ cursor: ATTACK }).toString()}`,
      `/requests/${encodeURIComponent(ATTACK)}`,
      '/playground',
    ]) {
      const { html } = await visit(`/dashboard${path}`);
      expect(foreignMarkup(html), path).toEqual([]);
    }
    for (const path of ['/usage?by=key', '/requests', `/requests/${answered}`])
      expect((await visit(`/dashboard${path}`)).html, path).toContain(escaped(ATTACK));
  });

  it('has a row with how it was served, and no word of what was said', async () => {
    const { visit, answered, refused } = await asked();
    const { html } = await visit(`/dashboard/requests/${answered}`);
    for (const fact of ['Why it stopped', 'Waited in the queue', 'Until the first token', 'Which price', 'logit_bias'])
      expect(html).toContain(fact);
    expect(html).toContain('Its text was not kept');
    expect(html).not.toContain(PROMPT);
    const none = await visit(`/dashboard/requests/${answered}/content`);
    expect([none.html.includes('was not kept'), none.html.includes(PROMPT)]).toEqual([true, false]);
    expect((await visit(`/dashboard/requests/${refused}`)).html).toMatch(/invalid_request[\s\S]*messages/u);
  });

  it('is shown word for word where LOG_CONTENT kept it, one click further', async () => {
    const { visit, answered } = await asked({ LOG_CONTENT: '1' });
    const detail = await visit(`/dashboard/requests/${answered}`);
    expect([detail.html.includes(PROMPT), detail.html.includes('Show its text')]).toEqual([false, true]);
    expect((await visit(`/dashboard/requests/${answered}/content`)).html).toContain(PROMPT);
  });
});

it('an empty server says what to do first', async () => {
  const { login, visit } = await openDashboard();
  await login();
  for (const path of ['/dashboard/usage', '/dashboard/requests'])
    expect((await visit(path)).html, path).toMatch(/Nothing was asked[\s\S]*playground[\s\S]*connect/u);
});

it('what nobody can mean is refused, with the field at fault', async () => {
  const { login, visit } = await openDashboard();
  await login();
  for (const [query, reason] of [
    ['from=tomorrow', 'from must be a day'],
    ['from=2026-02-02&to=2026-02-01', 'after the last one'],
    ['timeZone=Nowhere', 'no time zone'],
  ] as const) {
    const { status, html } = await visit(`/dashboard/usage?${query}`);
    expect([status, html.includes(reason)], query).toEqual([400, true]);
  }
  expect((await visit('/dashboard/requests/req_of_nobody')).status).toBe(404);
  expect((await visit('/dashboard/requests/req_of_nobody/content')).status).toBe(404);
});
