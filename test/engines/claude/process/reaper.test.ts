import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from '../../../../src/engines/claude/process/child/child.ts';
import { Reaper } from '../../../../src/engines/claude/process/child/reaper.ts';
import { fixture, isRunning, patiently } from '../ends-support.ts';

describe('the reaper', () => {
  let dir: string;
  let child: Child;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'proxy-reaper-'));
    child = new Child({
      command: fixture('hang'),
      args: [],
      cwd: dir,
      env: { PATH: process.env['PATH'] ?? '' },
      ownDir: mkdtempSync(join(dir, 'own-')),
    });
  });
  afterEach(async () => {
    child.kill('closing');
    await child.ended;
    rmSync(dir, { recursive: true });
  });

  const notes = (): string[] => readdirSync(join(dir, 'children'));
  /** Rewrites the only note, as another server, or another boot, would have written it. */
  const rewrite = (change: Record<string, unknown>): void => {
    const [name = ''] = notes();
    const path = join(dir, 'children', name);
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...change }));
  };
  /** The id of a process that is no more. */
  const deadServer = async (): Promise<number> => {
    const dead: ChildProcess = spawn('true');
    await once(dead, 'exit');
    return dead.pid ?? 0;
  };

  it('notes a child until it has ended', async () => {
    new Reaper(dir).note(child);
    expect(notes()).toEqual([`${process.pid}-${child.pid}.json`]);
    child.kill('closing');
    await child.ended;
    await expect.poll(notes, patiently).toEqual([]);
  });

  it('leaves alone the children of a server that lives', () => {
    new Reaper(dir).note(child);
    expect(new Reaper(dir).reap()).toBe(0);
    expect(notes()).toHaveLength(1);
    expect(isRunning(child.pid ?? 0)).toBe(true);
  });

  it('ends a child whose server is gone, and removes its folder', async () => {
    new Reaper(dir).note(child);
    rewrite({ server: await deadServer() });
    expect(new Reaper(dir).reap()).toBe(1);
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(notes()).toEqual([]);
    expect(existsSync(child.recipe.ownDir ?? '')).toBe(false);
  });

  it('takes a server of the same id that began at another time for gone', () => {
    new Reaper(dir).note(child);
    rewrite({ serverStarted: 'long ago' });
    expect(new Reaper(dir).reap()).toBe(1);
  });

  it('never ends a stranger who was given the id of a child', async () => {
    new Reaper(dir).note(child);
    rewrite({ server: await deadServer(), childStarted: 'long ago' });
    expect(new Reaper(dir).reap()).toBe(0);
    expect(isRunning(child.pid ?? 0)).toBe(true);
    expect(notes()).toEqual([]);
  });

  it('passes over a note that a power cut left empty', () => {
    const reaper = new Reaper(dir);
    writeFileSync(join(dir, 'children', '1-2.json'), '');
    expect(reaper.reap()).toBe(0);
    expect(notes()).toEqual([]);
  });
});
