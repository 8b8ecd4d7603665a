/** Every page of the dashboard, in each look: accessible, within the screen, and nothing that a client said runs in it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, LOOKS, watchedPage, type Watched } from './browser.ts';
import { login, startServer, type BrowsedServer, withBrowser } from './server.ts';
import { HOSTILE, makeTraffic, pastDays } from './traffic.ts';

let browser: Browser;
let server: BrowsedServer;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer(pastDays(5), { LOG_CONTENT: '1' }));
  await makeTraffic(server);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** The pages of the navigation. */
const pathsOf = async ({ page }: Watched): Promise<readonly string[]> => {
  const paths = await page
    .locator('nav[aria-label="Pages"] a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  expect(paths.length).toBeGreaterThan(0);
  return paths;
};

describe.each(LOOKS)('%s', (look, options) => {
  it('the login is in order', async () => {
    const watched = await watchedPage(browser, server.url, options);
    watched.expected.push(/status of 401/u);
    const { page } = watched;
    await page.goto('/dashboard');
    await expectAccessible(page, `login, ${look}`);
    await expectNoSidewaysScrolling(page, 'login');
    await page.getByLabel('Admin key').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    await expectAccessible(page, `login with a problem, ${look}`);
    expect(watched.problems).toEqual([]);
    await watched.close();
  });

  it('the page of the API is in order', async () => {
    const watched = await watchedPage(browser, server.url, options);
    const { page } = watched;
    await page.goto('/docs');
    await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
    await expectAccessible(page, `/docs, ${look}`);
    await expectNoSidewaysScrolling(page, `/docs, ${look}`);
    expect(watched.problems).toEqual([]);
    await watched.close();
  });

  it('every page is in order', async () => {
    const watched = await watchedPage(browser, server.url, options);
    const { page } = watched;
    await login(watched);
    for (const path of await pathsOf(watched)) {
      const response = await page.goto(path);
      expect(response?.status(), path).toBe(200);
      await expectAccessible(page, `${path}, ${look}`);
      await expectNoSidewaysScrolling(page, `${path}, ${look}`);
      expect(await page.locator('img, iframe, object, embed').count(), `${path}: no element of a client`).toBe(0);
    }
    expect(watched.problems).toEqual([]);
    await watched.close();
  });
});

it('what clients said is there as text', async () => {
  const watched = await watchedPage(browser, server.url);
  const { page } = watched;
  await login(watched);
  const shown: string[] = [];
  for (const path of await pathsOf(watched)) {
    await page.goto(path);
    if ((await page.locator('main').innerText()).includes(HOSTILE)) shown.push(path);
  }
  expect(shown).toEqual(expect.arrayContaining(['/dashboard/keys', '/dashboard/requests']));
  expect(watched.problems).toEqual([]);
  await watched.close();
});
