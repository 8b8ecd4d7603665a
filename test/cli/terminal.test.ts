/** What a user meets on a terminal: the first start without a login, the greeting, colours. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { hasTerminal, onTerminal, type OnTerminal } from './on-terminal.ts';

let upstream: DemoUpstream;
let home = '';
let opened: OnTerminal[] = [];
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'terminal-'));
});
afterEach(async () => {
  for (const each of opened) await each.end();
  opened = [];
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const open = (args: readonly string[], env: Record<string, string> = {}): OnTerminal => {
  const terminal = onTerminal(args, {
    cwd: home,
    env: { ANTHROPIC_BASE_URL: upstream.url, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ...env },
  });
  opened.push(terminal);
  return terminal;
};

const UP = '\u001B[A';
const DOWN = '\u001B[B';
const ENTER = '\r';

describe.skipIf(!hasTerminal)('the first start (skips without script of util-linux)', () => {
  it('asks which login to use, keeps an API key in a private file, and greets', async () => {
    const terminal = open(['start', '--port', '0']);
    await terminal.until('No login was found. How do you use Claude?');
    terminal.press(DOWN + ENTER);
    await terminal.until('The API key');
    terminal.press(`sk-ant-api03-typed${ENTER}`);
    await terminal.until('Kept in');
    for (const words of ['Engine: claude-code, with ANTHROPIC_API_KEY', 'Listening on http://127.0.0.1:', '/v1/models'])
      await terminal.until(words);
    await terminal.until('/dashboard');
    await terminal.until('opencode-claude-proxy connect opencode --write');
    expect(terminal.shown()).not.toContain('sk-ant-api03-typed');
    const file = join(home, '.config/opencode-claude-proxy/.env');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([
      'ANTHROPIC_API_KEY=sk-ant-api03-typed\n',
      0o600,
    ]);
    expect(await terminal.end()).toBe(0);
  });

  it('walks through the login of Claude Code, and does not start without one', async () => {
    const terminal = open(['start', '--port', '0']);
    await terminal.until('How do you use Claude?');
    terminal.press(ENTER);
    // Claude Code itself has the terminal now.
    await terminal.until('https://');
    terminal.press('\u0003');
    expect(await terminal.exit).not.toBe(0);
    expect(terminal.shown()).not.toContain('Listening on');
  });

  it('tells how to try it without an account', async () => {
    const terminal = open(['start', '--port', '0']);
    await terminal.until('Not yet');
    terminal.press(UP);
    await terminal.until('opencode-claude-proxy demo');
    terminal.press(ENTER);
    await terminal.until('Not started: there is no login.');
    expect(await terminal.exit).toBe(1);
    expect(existsSync(join(home, '.config'))).toBe(false);
  });

  it('asks nothing in CI', async () => {
    const terminal = open(['start', '--port', '0'], { CI: '1' });
    await terminal.until('No login was found. One of these is needed');
    expect(await terminal.exit).toBe(1);
  });
});

describe.skipIf(!hasTerminal)('colours', () => {
  it('are there on a terminal, and not with NO_COLOR', async () => {
    const coloured = open(['doctor', '--offline']);
    await coloured.exit;
    expect(coloured.raw()).toContain('\u001B[32m✓');
    const plain = open(['doctor', '--offline'], { NO_COLOR: '1' });
    await plain.exit;
    expect(plain.raw()).toContain('✓');
    expect(plain.raw()).not.toContain('\u001B[');
  });
});
