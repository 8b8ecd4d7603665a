/** Pictures of the dashboard for docs/images, of a server with some days behind it. */
import { statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launchBrowser, watchedPage } from './browser.ts';
import { login, startServer, type BrowsedServer } from './server.ts';
import { busyPlan, pastDays } from './traffic.ts';

const PICTURES = [
  ['now', '/dashboard', 'light'],
  ['usage', '/dashboard/usage?days=30', 'light'],
  ['usage-dark', '/dashboard/usage?days=30', 'dark'],
  ['playground', '/dashboard/playground', 'light'],
  ['limits', '/dashboard/limits', 'dark'],
  ['keys', '/dashboard/keys', 'light'],
] as const;

/** Every clone of the repository holds them. */
const MOST_BYTES = 200_000;

it('screenshots', async () => {
  const browser = await launchBrowser();
  const server = await startServer(pastDays(30), {}, busyPlan(Date.now()));
  try {
    const running = await activity(server);
    for (const [name, path, colorScheme] of PICTURES) {
      const watched = await watchedPage(browser, server.url, { colorScheme, viewport: { width: 1100, height: 760 } });
      await login(watched);
      await watched.page.goto(path);
      await watched.page.waitForLoadState('networkidle');
      if (name === 'playground') await play(watched.page);
      const picture = `docs/images/dashboard-${name}.png`;
      await watched.page.screenshot({ path: picture });
      expect(statSync(picture).size, picture).toBeLessThan(MOST_BYTES);
      await watched.close();
    }
    await running.end();
  } finally {
    await browser.close();
    await server.close();
  }
});

const KEYS = [
  { name: 'laptop', role: 'admin' },
  { name: 'team', limits: { planShare: { five_hour: 0.3 }, usdPerDay: 5 }, allowedModels: ['sonnet', 'haiku'] },
  { name: 'ci', limits: { requestsPerMinute: 10, tokensPerDay: 200_000 }, allowedModels: ['haiku'] },
];

/** Keys, a conversation that a process holds, and two requests that do not end by themselves. */
const activity = async ({ ask }: BrowsedServer) => {
  const secrets: string[] = [];
  for (const body of KEYS) {
    const made = (await (await ask('/admin/keys', { body })).json()) as { secret: string };
    secrets.push(made.secret);
  }
  const say = (content: string, key: string | undefined, agent: string): Promise<Response> =>
    ask('/v1/messages', {
      body: { model: 'sonnet', max_tokens: 100, messages: [{ role: 'user', content }] },
      headers: { 'user-agent': agent },
      ...(key !== undefined && { key }),
    });
  await (await say('Hello', secrets[0], 'claude-cli/2.0')).text();
  const running = [
    say('[[first:60000]]', secrets[0], 'opencode/1.2'),
    say('[[first:60000]] too', secrets[1], 'codex_cli_rs/0.9'),
  ];
  const turns = async () => ((await (await ask('/admin/turns')).json()) as { turns: { id: string }[] }).turns;
  for (let tries = 0; (await turns()).length < running.length && tries < 100; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    end: async () => {
      for (const { id } of await turns()) await ask(`/admin/turns/${id}`, { method: 'DELETE' });
      await Promise.all(running.map(async (each) => (await each).text()));
    },
  };
};

const play = async (page: Page): Promise<void> => {
  await page.getByLabel('Model').fill('gpt-4o');
  await page.getByLabel('Prompt').fill('[[text:Ask it as any client would: this text came as a stream.]]');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Answered.').first().waitFor();
  await page.locator('#answer-title').evaluate((title) => title.scrollIntoView());
};
