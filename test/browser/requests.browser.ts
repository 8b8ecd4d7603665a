/** Requests: found by every filter, in pages, each with its detail, and its text where that was kept. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, LOOKS, watchedPage, type Watched } from './browser.ts';
import { login, startServer, type BrowsedServer, withBrowser } from './server.ts';
import { HOSTILE, makeTraffic, pastDays } from './traffic.ts';

let browser: Browser;
let server: BrowsedServer;
let watched: Watched;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer(pastDays(6), { LOG_CONTENT: '1' }));
  await makeTraffic(server);
  watched = await watchedPage(browser, server.url, LOOKS[0]?.[1]);
  await login(watched);
});
afterAll(async () => {
  const { problems } = watched;
  await browser.close();
  await server.close();
  expect(problems).toEqual([]);
});

const rows = (): Promise<readonly string[]> => watched.page.locator('tbody tr').allInnerTexts();

it('come in pages, the newest first, and none is missing', async () => {
  const { page } = watched;
  await page.goto('/dashboard/requests');
  const first = await rows();
  expect(first).toHaveLength(50);
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).waitFor();
  const second = await rows();
  // Six days of twelve and those of now, but for the ones that are older than a week here and there.
  expect(second.length).toBeGreaterThanOrEqual(72 + 4 - 50 - 12);
  const ids = await page.locator('tbody a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(new Set(ids).size).toBe(ids.length);
  await page.getByRole('link', { name: 'Newest' }).click();
  await page.waitForURL((url) => !url.searchParams.has('cursor'));
  expect(await rows()).toEqual(first);
});

it.each([
  ['Key', 'team', /team/u],
  ['Model', 'claude-opus-4-5-20251101', /claude-opus-4-5-20251101/u],
  ['Client', 'codex_cli_rs', /codex_cli_rs/u],
  ['Status', 'error', /invalid_request|authentication/u],
  ['Status', '401', /401 authentication/u],
  ['Status', 'invalid_request', /400 invalid_request/u],
])('are found by %s %s', async (label, value, pattern) => {
  const { page } = watched;
  await page.goto('/dashboard/requests');
  const field = page.getByLabel(label, { exact: true });
  if (label === 'Status') await field.selectOption(value);
  else await field.fill(value);
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL((url) => url.searchParams.get(label.toLowerCase()) === value);
  const found = await rows();
  expect(found.length).toBeGreaterThan(0);
  for (const row of found) expect(row).toMatch(pattern);
});

it('are found by time, and where none is there the page says so', async () => {
  const { page } = watched;
  await page.goto('/dashboard/requests?from=2020-01-01&to=2020-01-02');
  await page.getByText('Nothing was asked in these days.').waitFor();
  await page.goto('/dashboard/requests?key=nobody');
  await page.getByText('No request fits.').waitFor();
});

it('what a client says of itself is text, in the list, in the detail and in the body that was kept', async () => {
  const { page } = watched;
  await page.goto(`/dashboard/requests?${new URLSearchParams({ key: HOSTILE }).toString()}`);
  expect(await page.getByLabel('Key', { exact: true }).inputValue()).toBe(HOSTILE);
  expect(await rows()).toHaveLength(1);
  await page.locator('tbody a').first().click();
  await page.getByRole('heading', { name: 'How it was served' }).waitFor();
  const detail = await page.locator('main').innerText();
  for (const field of ['Key', 'Client', 'User agent', 'Session', 'Model asked for'])
    expect(detail, field).toMatch(new RegExp(`${field}\\s+"><img src=x`, 'u'));
  expect(detail).toMatch(/Ignored\s+seed/u);
  expect(detail).toMatch(/Waited in the queue\s+\d+ ms/u);
  expect(detail).toMatch(/Until the first token\s+\d/u);
  expect(detail).toMatch(/Which price\s+the public list price/u);
  expect(detail).toMatch(/Way into the model\s+(?:fresh|started|rewound)/u);
  expect(detail).not.toContain('Hello');
  await expectAccessible(page, 'detail');
  await page.getByRole('link', { name: 'Show its text' }).click();
  await page.getByRole('heading', { name: 'What was answered' }).waitFor();
  expect(await page.locator('pre').first().innerText()).toContain('Hello');
  expect(await page.locator('img').count()).toBe(0);
  await expectAccessible(page, 'text');
});

it('whose text was not kept say how it would be', async () => {
  const { page } = watched;
  await page.goto('/dashboard/requests/req_past_70');
  await page.getByText('Its text was not kept.').waitFor();
  expect(await page.getByRole('link', { name: 'Show its text' }).count()).toBe(0);
  watched.expected.push(/status of 404/u);
  expect((await page.goto('/dashboard/requests/req_of_nobody'))?.status()).toBe(404);
});

it('fit a phone', async () => {
  const phone = await watchedPage(browser, server.url, LOOKS[2]?.[1]);
  await login(phone);
  await phone.page.goto('/dashboard/requests/req_past_70');
  await expectNoSidewaysScrolling(phone.page, 'detail');
  await expectAccessible(phone.page, 'detail on a phone');
  expect(phone.problems).toEqual([]);
  await phone.close();
});
