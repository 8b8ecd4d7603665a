/** The word about a newer version: on a terminal, with a registry on loopback. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideNotice, wantsNotice } from '../../src/cli/upgrade/upgrade-notice.ts';

const DAY = 24 * 60 * 60 * 1000;
const now = 1_000 * DAY;

describe('what is told and asked', () => {
  const decide = (state: { askedAt: number; latest?: string; toldAt?: number }, version = '1.9.3') =>
    decideNotice(state, { now, version });

  it.each([
    ['1.10.0', '1.9.3', true],
    ['1.9.4', '1.9.3', true],
    ['2.0.0', '1.9.3', true],
    ['1.9.3', '1.9.3', false],
    ['1.8.9', '1.9.3', false],
    ['0.99.0', '1.9.3', false],
    ['2.0.0-beta.1', '1.9.3', false],
    ['2.0.0', '2.0.0-beta.1', true],
    ['nonsense', '1.9.3', false],
  ])('%s beside %s: %s', (latest, version, tell) => {
    expect(decide({ askedAt: now, latest }, version).tell).toBe(tell);
  });

  it('once a day each, and the file says when', () => {
    expect(decide({ askedAt: 0 })).toEqual({ tell: false, ask: true, state: { askedAt: now } });
    expect(decide({ askedAt: now - DAY + 1, latest: '2.0.0', toldAt: now - DAY + 1 })).toMatchObject({
      tell: false,
      ask: false,
    });
    expect(decide({ askedAt: now - DAY, latest: '2.0.0', toldAt: now - DAY })).toEqual({
      tell: true,
      ask: true,
      state: { askedAt: now, latest: '2.0.0', toldAt: now },
    });
    // A clock that was wrong silences it for a day at most.
    expect(decide({ askedAt: now + 2 * DAY }).ask).toBe(true);
  });

  const terminal = { stdout: { isTTY: true }, stderr: { isTTY: true } };
  it.each([
    [{}, terminal, true],
    [{ UPGRADE_NOTICE: '0' }, terminal, false],
    [{ CI: 'true' }, terminal, false],
    [{ NO_UPDATE_NOTIFIER: '1' }, terminal, false],
    [{}, { ...terminal, stdout: {} }, false],
    [{}, { ...terminal, stderr: {} }, false],
  ])('wanted with %j on %j: %s', (env, streams, expected) => {
    expect(wantsNotice(env, streams)).toBe(expected);
  });
});

const noTerminal = spawnSync('script', ['--version']).status !== 0 || process.platform !== 'linux';
describe.skipIf(noTerminal)('on a terminal (skips without script of util-linux)', () => {
  let registry: Server;
  let url: string;
  let home: string;
  let asked: string[];
  let answer: (response: ServerResponse) => void;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'upgrade-'));
    asked = [];
    answer = (response) => response.end('{"version":"99.1.0"}');
    registry = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(response);
    });
    registry.listen(0, '127.0.0.1');
    await once(registry, 'listening');
    url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  });
  afterEach(async () => {
    registry.closeAllConnections();
    registry.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  const stateFile = () => join(home, '.local/state/opencode-claude-proxy/upgrade.json');
  const env = (more: Record<string, string> = {}) => ({
    HOME: home,
    PATH: process.env['PATH'],
    npm_config_registry: url,
    ...more,
  });
  const command = [process.execPath, resolve('src/cli/main.mjs'), 'config', '--json'].map((word) => `'${word}'`);
  const onTerminal = async (more: Record<string, string> = {}): Promise<string> =>
    (await promisify(execFile)('script', ['-qefc', command.join(' '), '/dev/null'], { cwd: home, env: env(more) }))
      .stdout;

  it('asks in the background, and tells at the next command, once', async () => {
    expect(await onTerminal()).not.toContain('99.1.0');
    await expect.poll(() => readFileSync(stateFile(), 'utf8'), { timeout: 20_000 }).toContain('99.1.0');
    expect(await onTerminal()).toMatch(/opencode-claude-proxy 99\.1\.0 is there, this is [\d.]+\. .*UPGRADE_NOTICE=0/u);
    expect(await onTerminal()).not.toContain('99.1.0');
    expect(asked).toEqual(['/opencode-claude-proxy/latest']);
  });

  it('lets no command wait for a registry that is silent, and does not ask it again that day', async () => {
    answer = () => undefined;
    await onTerminal();
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(1);
    // The first command has ended while its question is still open.
    await onTerminal();
    expect(asked).toHaveLength(1);
  });

  it('is off by its setting and in CI, without a question', async () => {
    await onTerminal({ UPGRADE_NOTICE: '0' });
    await onTerminal({ CI: '1' });
    await promisify(execFile)('sh', ['-c', command.join(' ')], { cwd: home, env: env() });
    expect([asked, existsSync(stateFile())]).toEqual([[], false]);
  });
});
