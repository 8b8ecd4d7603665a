import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { executableNames, findExecutable, type Machine } from '../../src/engines/claude/process/child/executable.ts';

const home = mkdtempSync(join(tmpdir(), 'claude-cli-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const runClaude = async (...args: readonly string[]): Promise<{ code: unknown; out: string }> => {
  const child = spawn(process.execPath, ['src/cli/main.mjs', 'claude', ...args], {
    env: { PATH: process.env['PATH'], HOME: home, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, out };
};

const sdk = (file: string): { version: string; optionalDependencies: Record<string, string> } =>
  JSON.parse(readFileSync(fileURLToPath(new URL(file, import.meta.resolve('@anthropic-ai/claude-agent-sdk'))), 'utf8'));

describe('npm run claude', () => {
  it('is the Claude Code that the Agent SDK ships, with the arguments and the exit code of the user', async () => {
    const { claudeCodeVersion } = sdk('package.json') as { claudeCodeVersion?: string };
    expect(await runClaude('--version')).toEqual({ code: 0, out: `${claudeCodeVersion} (Claude Code)\n` });
    const status = await runClaude('auth', 'status');
    expect(status.code).toBe(1);
    expect(JSON.parse(status.out)).toMatchObject({ loggedIn: false, configDirectory: join(home, '.claude') });
  });

  it.each([['auth', 'login'], ['setup-token']])('knows the command %s %s that the docs name', async (...command) => {
    expect(await runClaude(...command.filter(Boolean), '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Usage: claude ${command.filter(Boolean).join(' ')}`),
    });
  });
});

describe('the executable', () => {
  const linux: Machine = { platform: 'linux', arch: 'x64', musl: false };
  it.each([
    [linux, 'linux-x64/claude'],
    [{ ...linux, musl: true }, 'linux-x64-musl/claude'],
    [{ ...linux, arch: 'arm64' }, 'linux-arm64/claude'],
    [{ platform: 'darwin', arch: 'arm64', musl: false }, 'darwin-arm64/claude'],
  ] as const)('of %j is in a package that the SDK names', (machine, expected) => {
    const names = executableNames(machine);
    expect(names[0]).toBe(`@anthropic-ai/claude-agent-sdk-${expected}`);
    const packages = Object.keys(sdk('package.json').optionalDependencies);
    for (const name of names) expect(packages).toContain(name.split('/').slice(0, 2).join('/'));
  });

  it('is not found for a machine without a package', () => {
    expect(findExecutable({ platform: 'aix', arch: 'ppc64', musl: false })).toBeUndefined();
  });
});
