/** The tests of the other files can fail: what they watch for is seen. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, watchedPage, type Watched } from './browser.ts';
import { startServer, type BrowsedServer, withBrowser } from './server.ts';

let browser: Browser;
let server: BrowsedServer;
let watched: Watched;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer());
  watched = await watchedPage(browser, server.url);
  watched.expected.push(/status of 401/u);
  await watched.page.goto('/dashboard');
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

it('code and style within the page, and what comes from elsewhere, are refused and noted', async () => {
  const { page } = watched;
  expect(watched.problems).toEqual([]);
  await page.evaluate(() => {
    const image = document.createElement('img');
    image.src = 'http://127.0.0.1:9/picture.png';
    const script = document.createElement('script');
    script.textContent = 'alert(1)';
    document.body.append(image, script);
    document.querySelector('main')?.setAttribute('style', 'color: red');
  });
  await expect
    .poll(() => watched.problems.join('\n'))
    .toMatch(/script-src[\s\S]*style-src|style-src[\s\S]*script-src/u);
  await expect.poll(() => watched.problems.join('\n')).toContain('img-src http://127.0.0.1:9');
  expect(watched.problems.join('\n')).not.toContain('dialog');
});

it('what axe finds and what is too wide fails', async () => {
  const { page } = watched;
  await page.evaluate(() => {
    const field = document.createElement('input');
    const wide = document.createElement('pre');
    wide.textContent = 'w'.repeat(1_000);
    document.querySelector('main')?.append(field, wide);
  });
  await expect(expectAccessible(page, 'a field without a name')).rejects.toThrow(/label/u);
  await expect(expectNoSidewaysScrolling(page, 'too wide')).rejects.toThrow(/too wide/u);
});
