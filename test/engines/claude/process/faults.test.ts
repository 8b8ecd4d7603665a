/** Faults in what runs in the background, while answers of others go on: nothing is rejected that nobody handles. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture, patiently } from '../ends-support.ts';
import { run, startLab, turnOf, type Lab } from '../support.ts';

it('no file descriptor is left: requests that need a process are told, others are served, and all is well afterwards', async () => {
  const script = fileURLToPath(new URL('no-room-engine.ts', import.meta.url));
  const server = spawn('/bin/sh', ['-c', `ulimit -n 90; exec "${process.execPath}" "${script}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(server.stdout), once(server, 'exit')]);
  expect(said).toBe('Hello engine_unavailable Hello engine_unavailable Hello Hello');
  expect(server.exitCode).toBe(0);
});

describe('a state folder that cannot be written any more', () => {
  let lab: Lab;
  const alarms: unknown[] = [];
  const alarm = (what: unknown): void => void alarms.push(what);
  beforeEach(async () => {
    process.on('unhandledRejection', alarm);
    lab = await startLab({ executable: fixture('behave'), spares: 2 });
    await lab.engine.warmUp();
  });
  afterEach(async () => {
    process.off('unhandledRejection', alarm);
    await lab.close();
  });

  it('is a warning: processes start and end, and turns are answered', async () => {
    const notes = join(lab.dir, 'state', 'children');
    rmSync(notes, { recursive: true });
    // Neither a note can be made in it, nor one be removed from it.
    writeFileSync(notes, '');
    const ask = async (system?: string) =>
      (await run(lab, turnOf({ ...(system !== undefined && { system }), messages: [{ role: 'user', content: 'Hi' }] })))
        .text;
    expect(await Promise.all([ask('A'), ask('B'), ask('C'), ask()])).toEqual(['Hi', 'Hi', 'Hi', 'Hi']);
    await lab.engine.close();
    const warnings = () => new Set(lab.log.filter(({ level }) => level === 'warn').map(({ message }) => message));
    await expect
      .poll(warnings, patiently)
      .toEqual(new Set(['could not note a Claude Code process', 'could not remove the note of a Claude Code process']));
    expect(alarms).toEqual([]);
  });
});
