import { afterAll } from 'vitest';
import { openPostgres } from '../../src/node/database/postgres.ts';
import { quiet } from './lab.ts';
import { startPostgres } from './postgres-server.ts';
import { storeSuite } from './suite.ts';

const server = await startPostgres();
afterAll(() => server.close());

storeSuite('Postgres', async () => {
  const url = await server.newDatabase();
  return () => Promise.resolve(openPostgres(url, quiet));
});
