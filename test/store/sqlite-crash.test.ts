import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/node/database/sqlite.ts';
import { createRecorder } from '../../src/store/ledger/recorder.ts';
import { systemClock } from '../../src/util/clock.ts';
import { expectWhole, killedWriter } from './crash.ts';
import { createLab, quiet, type Lab } from './lab.ts';
import { numbered, summary } from './summaries.ts';

let dir: string;
let file: string;
const labs: Lab[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'store-crash-'));
  file = join(dir, 'proxy.db');
});

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.close()));
  await rm(dir, { recursive: true });
});

const open = (): Lab => {
  const lab = createLab(
    (lost) => Promise.resolve(openSqlite(file, lost)),
    () => undefined,
  );
  labs.push(lab);
  return lab;
};

const eventually = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await what())) await setTimeout(10);
};

describe('a writer that is killed under load', () => {
  it('loses nothing that was written, and leaves nothing twice or half', async () => {
    let written = 0;
    for (const reports of [1, 3, 2]) written = await killedWriter(file, { first: written, reports });
    await expectWhole(open().store, written);
    const database = new DatabaseSync(file);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  }, 180_000);
});

describe('servers that start at once on a new file', () => {
  it('all get to their work, and each event is claimed by one of them', async () => {
    const program = fileURLToPath(new URL('programs/claimer.ts', import.meta.url));
    const runs = Array.from({ length: 5 }, () => promisify(execFile)(process.execPath, [program, file, '60']));
    const said = await Promise.all(runs);
    expect(said.map(({ stderr }) => stderr).join('')).toBe('');
    expect(said.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(60);
  });
});

describe('the file', () => {
  it('is readable for its owner alone, with all that belongs to it', async () => {
    await open().store.claim('x');
    for (const name of ['proxy.db', 'proxy.db-wal', 'proxy.db-shm']) {
      expect((await stat(join(dir, name))).mode & 0o777, name).toBe(0o600);
    }
  });

  it('begins anew where somebody deletes it', async () => {
    const { store } = open();
    expect(await store.claim('x')).toBe(true);
    for (const name of ['proxy.db', 'proxy.db-wal', 'proxy.db-shm']) await rm(join(dir, name));
    await expect(store.claim('x')).rejects.toThrow('was deleted or replaced');
    await eventually(() => store.claim('x').catch(() => false));
    expect(await store.claim('x')).toBe(false);
  });
});

describe('a lock that another program holds', () => {
  it('stops no timer of this one', async () => {
    const { store } = open();
    await store.claim('first');
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    let claimed = false;
    const claim = store.claim('second').then(() => (claimed = true));
    await setTimeout(20);
    expect(claimed).toBe(false);
    other.exec('ROLLBACK');
    other.close();
    await claim;
  });
});

describe('a full disk', () => {
  it('costs no request anything, is told, and heals', async () => {
    const program = fileURLToPath(new URL('programs/limited-writer.ts', import.meta.url));
    // The system's own limit for the size of a file; ignored, its signal becomes an error of the write.
    const child = spawn(
      'bash',
      ['-c', `trap '' XFSZ; ulimit -S -f 400; exec "$0" "$@"`, process.execPath, program, file],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    const told = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
    expect(await told()).toMatchObject({ ok: false, reason: expect.stringContaining('cannot be written') as string });
    await promisify(execFile)('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:unlimited']);
    child.stdin.write('go on\n');
    expect(await told()).toMatchObject({ ok: true, waiting: 0, dropped: 0 });
    child.stdin.end();
    await once(child, 'exit');
    const [total] = await open().store.ledger.totals();
    expect(total?.requests).toBe(5_000);
  });
});

/** Where no database can be made: what should be its folder is a file. */
const outOfReach = async (): Promise<string> => {
  const folder = join(dir, 'missing');
  await writeFile(folder, '');
  return join(folder, 'proxy.db');
};

describe('a database that is not there', () => {
  it('keeps the newest entries in bounds, is told, and heals', async () => {
    file = await outOfReach();
    const { store, clock } = open();
    const recorder = createRecorder(store, clock, quiet);
    for (let n = 1; n <= 25_000; n += 1) recorder.record(numbered(n));
    expect(recorder.health()).toMatchObject({ ok: true, waiting: 20_000, dropped: 5_000 });
    clock.advance(1_000);
    await eventually(() => !recorder.health().ok);
    expect(recorder.health().reason).toContain('cannot be written');
    file = join(dir, 'proxy.db');
    for (let seconds = 0; seconds < 300 && recorder.health().waiting > 0; seconds += 1) {
      clock.advance(1_000);
      await setTimeout(10);
    }
    expect(recorder.health()).toEqual({ ok: true, waiting: 0, dropped: 5_000 });
    expect((await store.ledger.totals())[0]?.requests).toBe(20_000);
    expect(await store.ledger.request('req_5000')).toBeUndefined();
    expect(await store.ledger.request('req_5001')).toBeDefined();
    await recorder.close(1_000);
  });

  it('is noticed also when nothing is to be written', async () => {
    const { store, clock } = open();
    const recorder = createRecorder(store, clock, quiet);
    clock.advance(30_000);
    await store.open();
    file = await outOfReach();
    for (const name of ['proxy.db', 'proxy.db-wal', 'proxy.db-shm']) await rm(join(dir, name));
    for (let tries = 0; tries < 100 && recorder.health().ok; tries += 1) {
      clock.advance(30_000);
      await setTimeout(10);
    }
    expect(recorder.health().ok).toBe(false);
    await recorder.close(1_000);
  });

  it('does not keep a server from ending', async () => {
    file = await outOfReach();
    const { store } = open();
    const recorder = createRecorder(store, systemClock, quiet);
    recorder.record(summary());
    await recorder.close(500);
    expect(recorder.health().ok).toBe(false);
  });
});
