/** A real browser, and pages in it that are watched: nothing may go wrong in them, and nothing may come from elsewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as axeCore from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Close it in the same file. */
export const launchBrowser = async (): Promise<Browser> => {
  const executablePath = process.env['CHROMIUM_PATH'] ?? EXECUTABLES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('There is no Chromium here. CHROMIUM_PATH says where one is.');
  return chromium.launch({ executablePath, timeout: 30_000, args: ['--disable-dev-shm-usage'] });
};

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page so far. */
  readonly problems: readonly string[];
  /** Problems that this test is about. */
  readonly expected: RegExp[];
  readonly close: () => Promise<void>;
}

/** A page in a context of its own: without cookies, with the given screen. */
export const watchedPage = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> => {
  const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(20_000);
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`Content security policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  const page = await context.newPage();
  const all: string[] = [];
  const expected: RegExp[] = [];
  const note = (problem: string): void => void all.push(`${new URL(page.url(), url).pathname}: ${problem}`);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(message.text());
  });
  page.on('pageerror', (error) => note(String(error)));
  page.on('dialog', (dialog) => {
    // Only a text that runs as code would open one.
    note(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== url) note(`asks another server: ${request.url()}`);
  });
  return {
    page,
    context,
    expected,
    get problems() {
      return all.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
    },
    close: () => context.close(),
  };
};

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Fails with what axe finds on the page as it is now. */
export const expectAccessible = async (page: Page, label: string): Promise<void> => {
  const present = await page.evaluate(() => 'axe' in globalThis);
  if (!present) await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof axeCore };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id} (${help}): ${html}`));
  });
  if (found.length > 0) throw new Error(`${label}:\n${found.join('\n')}`);
};

/** Nothing is wider than the screen. */
export const expectNoSidewaysScrolling = async (page: Page, label: string): Promise<void> => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, `${label}: pixels beyond the screen`).toBe(0);
};

/** The looks in which every page must be in order. */
export const LOOKS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];
