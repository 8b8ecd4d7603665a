import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqlite } from '../../src/node/database/sqlite.ts';
import { storeSuite } from './suite.ts';

const dir = await mkdtemp(join(tmpdir(), 'store-sqlite-'));
afterAll(() => rm(dir, { recursive: true }));

let count = 0;

storeSuite('SQLite', () => {
  const file = join(dir, `${(count += 1)}.db`);
  return Promise.resolve((lost) => Promise.resolve(openSqlite(file, lost)));
});
