import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durableObjectLimits } from '../../src/store/database/durable-object.ts';
import { openRemoteSqlite } from '../../src/store/database/remote-sqlite.ts';
import { allCases } from './cases.ts';
import { storeSuite } from './suite.ts';

const config = 'test/worker/entries/store-cases.wrangler.jsonc';
let dir: string;
let miniflare: Miniflare;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'store-durable-object-'));
  // No Node compatibility: what is bundled must run in a plain Worker.
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', XDG_CONFIG_HOME: dir };
  await promisify(execFile)(
    'node_modules/.bin/wrangler',
    ['deploy', '--config', config, '--dry-run', '--outdir', dir],
    { env },
  );
  miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      log: new Log(LogLevel.ERROR),
      host: '127.0.0.1',
      port: 0,
      cf: false,
      modules: [{ type: 'ESModule', path: 'worker.js', contents: await readFile(join(dir, 'store-cases.js'), 'utf8') }],
      compatibilityDate: '2026-10-22',
      durableObjects: { CASES: { className: 'CaseRunner', useSQLite: true } },
    }),
    resourcePersistencePath: join(dir, 'state'),
  });
  await miniflare.ready;
});

afterAll(async () => {
  await miniflare.dispose();
  await rm(dir, { recursive: true });
});

describe.each(Object.entries(allCases))("a Durable Object's SQLite: %s", (subject, cases) => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const answer = await fetch(await miniflare.ready, { method: 'POST', body: JSON.stringify({ subject, name }) });
    expect(await answer.json()).toEqual({});
  });
});

let count = 0;

storeSuite("a Durable Object's SQLite, used from outside", async () => {
  const address = new URL(`/sqlite/${(count += 1)}`, await miniflare.ready);
  const send = (body: string) => fetch(address, { method: 'POST', body });
  return () => Promise.resolve(openRemoteSqlite(send, durableObjectLimits));
});

describe("a Durable Object's SQLite, used from outside", () => {
  it('refuses a body that is no list of statements', async () => {
    for (const body of ['', '{', '{}', '{"statements":[]}', '{"statements":[{"sql":1,"parameters":[]}]}']) {
      const answer = await fetch(new URL('/sqlite/wrong', await miniflare.ready), { method: 'POST', body });
      expect(answer.status, body).toBe(400);
    }
  });

  it('says what is wrong with a statement, and what else was answered', async () => {
    const address = new URL('/sqlite/wrong', await miniflare.ready);
    const database = openRemoteSqlite((body) => fetch(address, { method: 'POST', body }), durableObjectLimits);
    await expect(database.db.selectFrom('proxy_keys').selectAll().execute()).rejects.toThrow(
      'no such table: proxy_keys',
    );
    const broken = openRemoteSqlite(() => Promise.resolve(new Response('oops', { status: 502 })), durableObjectLimits);
    await expect(broken.db.selectFrom('proxy_keys').selectAll().execute()).rejects.toThrow('status 502');
  });
});
