/** What a person does on the pages: by keyboard alone, while they refresh themselves, and where something is wrong. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, LOOKS, watchedPage } from './browser.ts';
import { busyPlan } from './traffic.ts';
import { login, OWNER_KEY, startServer, type BrowsedServer, withBrowser } from './server.ts';

let browser: Browser;
let server: BrowsedServer;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer());
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Presses Tab until what has the focus is named so. */
const tabTo = async (page: Page, name: string): Promise<void> => {
  for (let presses = 0; presses < 60; presses += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
      const text = (label ?? element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
      return { text, outline: element === null ? '' : getComputedStyle(element).outlineStyle };
    });
    if (focused.text === name) {
      expect(focused.outline, `the focus on ${name} is seen`).not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${name}.`);
};

it('logs in, makes a key and revokes it by keyboard alone', async () => {
  const watched = await watchedPage(browser, server.url);
  watched.expected.push(/status of 401/u);
  const { page } = watched;
  await page.goto('/dashboard');
  await tabTo(page, 'Admin key');
  await page.keyboard.type(OWNER_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Now' }).waitFor();
  await tabTo(page, 'Keys');
  await page.keyboard.press('Enter');
  await page.getByText('There is no key with a name yet.').waitFor();
  await tabTo(page, 'Make a key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Make a key' }).waitFor();
  await tabTo(page, 'Name');
  await page.keyboard.type('typed by hand');
  await tabTo(page, '5 hours');
  await page.keyboard.type('30');
  await page.keyboard.press('Enter');
  const secret = await page.locator('#secret').textContent();
  expect(secret).toMatch(/^ocp_/u);
  await tabTo(page, 'Copy');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('status').textContent()).toMatch(/Copied|Selected/u);
  const keys = await (await server.ask('/admin/keys')).json();
  expect(keys).toMatchObject({ keys: [{ name: 'typed by hand', limits: { planShare: { five_hour: 0.3 } } }] });
  await tabTo(page, 'Back to the keys');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
  await tabTo(page, 'typed by hand');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Key: typed by hand' }).waitFor();
  await tabTo(page, 'Revoke this key…');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Revoke the key' }).waitFor();
  await tabTo(page, 'Revoke it');
  await page.keyboard.press('Enter');
  await page.getByText('There is no key with a name yet.').waitFor();
  expect(await (await server.ask('/admin/keys')).json()).toEqual({ keys: [] });
  await tabTo(page, 'Log out');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  expect(watched.problems).toEqual([]);
  await watched.close();
});

/** A request that goes on until somebody ends it. */
const runningRequest = () =>
  server
    .ask('/v1/chat/completions', {
      body: { model: 'haiku', messages: [{ role: 'user', content: '[[first:60000]]' }], stream: true },
    })
    .then((response) => response.text());

it('now refreshes itself, keeps the focus where it is, and ends a request', async () => {
  const watched = await watchedPage(browser, server.url);
  const { page } = watched;
  await login(watched);
  await page.getByText('No request runs at the moment.').waitFor();
  const first = runningRequest();
  const end = page.getByRole('button', { name: 'End the request for haiku' });
  await end.waitFor();
  await tabTo(page, 'End the request for haiku');
  const second = runningRequest();
  await expect.poll(() => end.count(), { timeout: 10_000 }).toBe(2);
  const focused = () => page.evaluate(() => document.activeElement?.id);
  const kept = await focused();
  expect(kept).toMatch(/^end-req_/u);
  await expectAccessible(page, 'now, with requests');

  await page.getByLabel('Stop refreshing this page').check();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.method()));
  await page.locator(`#${kept}`).press('Enter');
  expect(await first).toContain('An admin of this server has ended this turn.');
  await expect.poll(() => page.getByRole('status').textContent()).toContain('done');
  await page.getByLabel('Stop refreshing this page').uncheck();
  await expect.poll(() => end.count(), { timeout: 10_000 }).toBe(1);
  await end.click();
  expect(await second).toContain('An admin of this server has ended this turn.');
  await page.getByText('No request runs at the moment.').waitFor();
  expect(new Set(asked)).toEqual(new Set(['POST', 'GET']));
  expect(watched.problems).toEqual([]);
  await watched.close();
});

it('says so where the session has ended meanwhile', async () => {
  const watched = await watchedPage(browser, server.url);
  await login(watched);
  await watched.context.clearCookies();
  await watched.page.getByRole('heading', { name: 'Log in' }).waitFor();
  expect(watched.problems).toEqual([]);
  await watched.close();
});

it('limits of a busy plan are in order', async () => {
  const busy = await startServer([], {}, busyPlan(Date.now()));
  try {
    await busy.ask('/admin/keys', { body: { name: 'team', limits: { usdPerDay: 5, planShare: { five_hour: 0.3 } } } });
    for (const [look, options] of LOOKS) {
      const watched = await watchedPage(browser, busy.url, options);
      const { page } = watched;
      await login(watched);
      await page.goto('/dashboard/limits');
      await page.getByText(/At this rate full at/u).waitFor();
      await expectAccessible(page, `limits, ${look}`);
      await expectNoSidewaysScrolling(page, `limits, ${look}`);
      expect(watched.problems).toEqual([]);
      await watched.close();
    }
  } finally {
    await busy.close();
  }
});

describe.each(LOOKS)('%s', (look, options) => {
  it('forms, questions and errors are in order', async () => {
    const watched = await watchedPage(browser, server.url, options);
    watched.expected.push(/status of 40[04]/u);
    const { page } = watched;
    await login(watched);
    const inOrder = async (label: string): Promise<void> => {
      await expectAccessible(page, `${label}, ${look}`);
      await expectNoSidewaysScrolling(page, `${label}, ${look}`);
    };
    await page.goto('/dashboard/keys/new');
    await inOrder('a new key');
    await page.getByLabel('Name', { exact: true }).fill('x'.repeat(100));
    await page.getByLabel('Requests a minute').fill('many');
    await page.getByLabel('Tokens a day').fill('100000');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByRole('alert').waitFor();
    await inOrder('a key with a mistake');
    await page.getByLabel('Requests a minute').fill('60');
    await page.getByLabel('Admin: may also').check();
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.locator('#secret').waitFor();
    await inOrder('a key that was made');
    await page.getByRole('link', { name: 'Back to the keys' }).click();
    await inOrder('keys');
    await page.getByRole('link', { name: 'xxxxx' }).click();
    await inOrder('a key');
    await page.goto('/dashboard/limits');
    await inOrder('limits of a key');
    await page.goto('/dashboard/keys');
    await page.getByRole('link', { name: 'xxxxx' }).click();
    await page.getByRole('link', { name: 'Revoke this key…' }).click();
    await inOrder('the question before a key is revoked');
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByRole('link', { name: 'Show revoked keys too' }).click();
    await page.getByText('revoked').first().waitFor();
    await inOrder('revoked keys');
    await page.goto('/dashboard/nothing');
    await inOrder('no such page');
    expect(watched.problems).toEqual([]);
    await watched.close();
  });
});
