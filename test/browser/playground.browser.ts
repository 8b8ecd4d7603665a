/** The playground: each API through the proxy itself, with every header explained, stopped, refused, with another key. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, LOOKS, watchedPage, type Watched } from './browser.ts';
import { login, startServer, type BrowsedServer, withBrowser } from './server.ts';
import { HOSTILE } from './traffic.ts';

let browser: Browser;
let server: BrowsedServer;
let watched: Watched;
beforeAll(async () => {
  [browser, server] = await withBrowser(startServer());
  watched = await watchedPage(browser, server.url, LOOKS[0]?.[1]);
  await login(watched);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const send = async (prompt: string, chosen: { dialect?: string; model?: string; key?: string } = {}) => {
  const { page } = watched;
  await page.goto('/dashboard/playground');
  if (chosen.dialect !== undefined) await page.getByLabel('API').selectOption(chosen.dialect);
  await page.getByLabel('Model').fill(chosen.model ?? 'haiku');
  if (chosen.key !== undefined) await page.getByLabel('Key', { exact: true }).fill(chosen.key);
  await page.getByLabel('Prompt').fill(prompt);
  await page.getByRole('button', { name: 'Send' }).click();
};

const answerBecomes = (pattern: RegExp) =>
  expect.poll(() => watched.page.locator('#answer').innerText(), { timeout: 15_000 }).toMatch(pattern);
const progressBecomes = (pattern: RegExp) =>
  expect.poll(() => watched.page.locator('#progress').innerText(), { timeout: 15_000 }).toMatch(pattern);

it.each([
  ['openai-chat', '/v1/chat/completions'],
  ['openai-responses', '/v1/responses'],
  ['anthropic-messages', '/v1/messages'],
  ['ollama', '/api/chat'],
])('streams an answer over %s, and says what its headers mean', async (dialect, path) => {
  await send('[[text:four words came back]]', { dialect });
  await answerBecomes(/^four words came back/u);
  await progressBecomes(/^Answered/u);
  const { page } = watched;
  expect(await page.locator('#request-line').innerText()).toContain(`POST ${path} was answered with 200.`);
  const model = page.getByRole('row', { name: /^x-proxy-model/u });
  expect(await model.innerText()).toMatch(/claude-haiku[\s\S]*The model that answered/u);
  for (const cell of await page.locator('#headers td:last-child').allInnerTexts()) expect(cell).not.toBe('');
  await expectAccessible(page, dialect);
  expect(watched.problems).toEqual([]);
});

it('shows the text as it comes, and stops where that is asked for', async () => {
  await send('[[slow:300]][[tokens:100]]');
  await answerBecomes(/word1 /u);
  const { page } = watched;
  expect(await page.locator('#answer').innerText()).not.toContain('word100');
  await page.getByRole('button', { name: 'Stop' }).click();
  await progressBecomes(/^Stopped/u);
  await expect
    .poll(async () => ((await (await server.ask('/admin/turns')).json()) as { running: number }).running, {
      timeout: 10_000,
    })
    .toBe(0);
  expect(watched.problems).toEqual([]);
});

it('shows what was ignored and why a request was refused', async () => {
  const { page } = watched;
  watched.expected.push(/status of 40[01]|status of 429/u);
  await send('Hello', { key: 'a key of nobody' });
  await expect.poll(() => page.locator('#failure').innerText()).toContain('not one of this server');
  expect(await page.locator('#request-line').innerText()).toContain('401');
  await send(`[[text:${HOSTILE}]]`, { model: HOSTILE });
  await answerBecomes(/<img src=x/u);
  expect(await page.getByRole('row', { name: /^x-proxy-unknown-model/u }).innerText()).toContain(
    'Nobody knows the name',
  );
  expect(await page.locator('img').count()).toBe(0);
  expect(watched.problems).toEqual([]);
});

it('leads to the row of its request', async () => {
  const { page } = watched;
  await send('[[text:to be found]]');
  await progressBecomes(/^Answered/u);
  const href = await page.getByRole('link', { name: 'Its row' }).getAttribute('href');
  await expect
    .poll(async () => (await server.ask(`/admin/requests/${href?.split('/').at(-1)}`)).status, { timeout: 10_000 })
    .toBe(200);
  await page.getByRole('link', { name: 'Its row' }).click();
  await page.getByRole('heading', { name: 'How it was served' }).waitFor();
  expect(watched.problems).toEqual([]);
});

it('asks with another key, which counts and is kept nowhere', async () => {
  const made = await server.ask('/admin/keys', { body: { name: 'visitor', limits: { requestsPerMinute: 1 } } });
  const { secret } = (await made.json()) as { secret: string };
  const { page } = watched;
  await send('[[text:first]]', { key: secret });
  await answerBecomes(/^first/u);
  await send('[[text:second]]', { key: secret });
  await expect.poll(() => page.locator('#failure').innerText()).toContain('requestsPerMinute');
  expect(await page.getByRole('row', { name: /^retry-after/u }).innerText()).toContain('How long to wait');
  const kept = await page.evaluate(() =>
    [JSON.stringify(localStorage), JSON.stringify(sessionStorage), location.href].join(),
  );
  expect(kept).not.toContain(secret);
  expect(watched.problems).toEqual([]);
});

it('is in order on a phone with an answer, and in the dark', async () => {
  for (const [look, options] of LOOKS.slice(1)) {
    const other = await watchedPage(browser, server.url, options);
    await login(other);
    await other.page.goto('/dashboard/playground');
    await other.page.getByLabel('Prompt').fill(`[[text:${'long'.repeat(200)}]]`);
    await other.page.getByRole('button', { name: 'Send' }).click();
    await other.page.getByText('Answered.').first().waitFor({ timeout: 15_000 });
    await expectNoSidewaysScrolling(other.page, look);
    await expectAccessible(other.page, `playground, ${look}`);
    expect(other.problems).toEqual([]);
    await other.close();
  }
});
