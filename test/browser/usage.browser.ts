/** Usage: the charts are drawn under the strict policy, from the numbers that stand beside them. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible, LOOKS, watchedPage, type Watched } from './browser.ts';
import { login, startServer, type BrowsedServer, withBrowser } from './server.ts';
import { busyPlan, makeTraffic, pastDays } from './traffic.ts';

let browser: Browser;
let server: BrowsedServer;
let watched: Watched;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer(pastDays(12)));
  await makeTraffic(server);
  watched = await watchedPage(browser, server.url, LOOKS[0]?.[1]);
  await login(watched);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

it('draws tokens and cost, from the numbers that stand beside them', async () => {
  const { page } = watched;
  await page.goto('/dashboard/usage');
  for (const id of ['tokens', 'cost']) {
    const chart = page.locator(`[data-chart="${id}"][data-drawn]`);
    await chart.locator('canvas').waitFor();
    // Something was painted: not one colour alone.
    const colours = await chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const seen = new Set<string>();
      for (let at = 0; at < pixels.length; at += 4)
        if (pixels[at + 3] === 255) seen.add(`${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`);
      return [...seen];
    });
    const wanted = await chart.locator('.swatch-0').evaluate((swatch) => getComputedStyle(swatch).backgroundColor);
    expect(colours, id).toContain(wanted.replaceAll(/rgb\(|\)|\s/gu, ''));
  }
  await page.locator('[data-chart="tokens"] summary').click();
  await page.getByRole('table', { name: 'Tokens by model' }).waitFor();
  await expectAccessible(page, 'usage with its numbers');
  // Some of the past requests have a price that nobody knows.
  expect(await page.getByRole('region', { name: 'Sums' }).innerText()).toMatch(
    /Cost at list price\s+\$\d+\.\d\d \+ \d+ unknown/u,
  );
  expect(watched.problems).toEqual([]);
});

it('calls dollars an equivalent where a plan pays', async () => {
  const onPlan = await startServer(pastDays(1), {}, busyPlan(Date.now()));
  try {
    const other = await watchedPage(browser, onPlan.url);
    await login(other);
    await other.page.goto('/dashboard/usage');
    await other.page.getByRole('heading', { name: 'Equivalent at list price by model' }).waitFor();
    await other.page.getByText('A plan pays for these requests.').waitFor();
    expect(other.problems).toEqual([]);
    await other.close();
  } finally {
    await onPlan.close();
  }
});

it('says what is under the pointer', async () => {
  const { page } = watched;
  const drawing = page.locator('[data-chart="tokens"] .u-over');
  const box = await drawing.boundingBox();
  await drawing.hover({ position: { x: (box?.width ?? 20) - 60, y: 40 } });
  await expect
    .poll(() => page.locator('[data-chart="tokens"] .readout').innerText())
    .toMatch(/^2026|^20\d\d-.*claude-/u);
});

it('is narrowed down by a click on a name, and split by another one', async () => {
  const { page } = watched;
  await page.getByLabel('Split by').selectOption('key');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('link', { name: 'team', exact: true }).click();
  await page.getByRole('heading', { name: 'Tokens by model' }).waitFor();
  expect(await page.locator('.chip').innerText()).toContain('Key: team');
  await page.getByRole('link', { name: '7 days' }).click();
  expect(await page.locator('.chip').innerText()).toContain('Key: team');
  await page.getByRole('link', { name: 'Any key' }).click();
  expect(await page.locator('.chip').count()).toBe(0);
});

it('begins days at the reader’s midnight', async () => {
  const away = await watchedPage(browser, server.url, { timezoneId: 'Pacific/Auckland' });
  await login(away);
  await away.page.goto('/dashboard/usage?days=7');
  await away.page.waitForURL(/timeZone=Pacific%2FAuckland/u);
  expect(await away.page.locator('input[name=timeZone]').inputValue()).toBe('Pacific/Auckland');
  expect(away.problems).toEqual([]);
  await away.close();
});

it('without scripts has the same numbers, and says so', async () => {
  const plain = await watchedPage(browser, server.url, { javaScriptEnabled: false });
  await login(plain);
  await plain.page.goto('/dashboard/usage');
  await plain.page.locator('.undrawn').first().waitFor();
  await plain.page.locator('[data-chart="cost"] summary').click();
  expect(await plain.page.getByRole('table', { name: 'Cost at list price by model' }).getByRole('row').count()).toBe(
    31,
  );
  await plain.close();
});

it('an empty page says what to do first', async () => {
  const { page } = watched;
  await page.goto('/dashboard/usage?from=2020-01-01&to=2020-01-02');
  await page.getByText('Nothing was asked in these days.').waitFor();
  const refused = await page.goto('/dashboard/usage?from=2020-01-02&to=2020-01-01');
  expect(refused?.status()).toBe(400);
  watched.expected.push(/status of 400/u);
  expect(watched.problems).toEqual([]);
});
