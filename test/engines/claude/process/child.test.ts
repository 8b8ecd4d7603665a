import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Child, type SpawnRecipe } from '../../../../src/engines/claude/process/child/child.ts';
import { fixture, isRunning, patiently } from '../ends-support.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const cwd = mkdtempSync(join(tmpdir(), 'proxy-child-'));
afterAll(() => rmSync(cwd, { recursive: true }));
const recipe = (command: string, more: Partial<SpawnRecipe> = {}): SpawnRecipe => ({
  command,
  args: [],
  cwd,
  env,
  ...more,
});
const shell = (script: string): SpawnRecipe => recipe('/bin/sh', { args: ['-c', script] });

describe('the end of a child', () => {
  it('has the first reason that was given', async () => {
    const child = new Child(recipe(fixture('hang')));
    child.kill('aborted');
    child.kill('failed');
    await child.end('closing');
    expect(await child.ended).toEqual({ reason: 'aborted', code: null, signal: 'SIGKILL' });
    child.kill('failed');
  });

  it('is a crash when nobody asked for it', async () => {
    expect(await new Child(shell('exit 7')).ended).toEqual({ reason: 'crashed', code: 7, signal: null });
  });

  it('comes by the end of its input where the child heeds it', async () => {
    const child = new Child(recipe(fixture('behave')));
    await child.end('idle');
    expect(await child.ended).toEqual({ reason: 'idle', code: 0, signal: null });
  });

  it('comes by SIGTERM where it does not, and by SIGKILL where nothing else helps', async () => {
    const deaf = new Child(shell('exec sleep 1000'));
    const stubborn = new Child(shell('trap "" TERM; echo ready; while :; do sleep 1000; done'));
    stubborn.process.stdout.once('data', () => undefined);
    await Promise.all([deaf.end('idle'), stubborn.end('closing')]);
    expect(await deaf.ended).toEqual({ reason: 'idle', code: null, signal: 'SIGTERM' });
    expect(await stubborn.ended).toEqual({ reason: 'closing', code: null, signal: 'SIGKILL' });
  });

  it('takes the children of the child with it', async () => {
    const child = new Child(shell('sleep 1000 & echo $!; wait'));
    const pid = await new Promise<number>((resolve) =>
      child.process.stdout.once('data', (data: Buffer) => resolve(Number(String(data)))),
    );
    expect(isRunning(pid)).toBe(true);
    child.kill('aborted');
    await expect.poll(() => isRunning(pid), patiently).toBe(false);
  });

  it('follows the end of its output', async () => {
    const child = new Child(shell('exec >&-; exec sleep 1000'));
    child.process.stdout.resume();
    expect(await child.ended).toEqual({ reason: 'failed', code: null, signal: 'SIGKILL' });
  });

  it('removes its own folder', async () => {
    const ownDir = mkdtempSync(join(cwd, 'own-'));
    writeFileSync(join(ownDir, '.credentials.json'), '{}');
    const child = new Child({ ...shell('exit 0'), ownDir });
    await child.ended;
    expect(existsSync(ownDir)).toBe(false);
  });

  it('is told for a program that cannot be started', async () => {
    expect(await new Child(recipe('/nowhere/claude')).ended).toMatchObject({ reason: 'spawn_failed', errno: 'ENOENT' });
    expect(await new Child(recipe(fileURLToPath(import.meta.url))).ended).toMatchObject({
      reason: 'spawn_failed',
      errno: 'EACCES',
    });
    expect(await new Child(recipe(fixture('behave'), { cwd: '/nowhere' })).ended).toMatchObject({
      reason: 'spawn_failed',
      errno: 'ENOENT',
    });
  });

  it('is no harm to what still writes to it', async () => {
    const child = new Child(shell('exit 0'));
    child.process.stdin.write('x'.repeat(1_000_000));
    await child.end('closing');
    child.process.stdin.write('more');
    expect((await child.ended).code).toBe(0);
  });

  it('keeps the end of its complaints, without keys', async () => {
    const child = new Child(shell('echo "$0 sk-ant-api03-abc_def-1 refused" >&2'));
    await child.ended;
    await expect.poll(() => child.stderrTail, patiently).toContain('sk-ant-… refused');
  });
});

it('a system without room for a process is engine_unavailable, and the server lives on', async () => {
  const script = fileURLToPath(new URL('no-room.ts', import.meta.url));
  const server = spawn('/bin/sh', ['-c', `ulimit -n 60; exec "${process.execPath}" "${script}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(await text(server.stdout)).toBe(
    'engine_unavailable: Claude Code could not be started (EMFILE).\nstill here\n',
  );
});
