/**
 * Records requests as fast as it can, until it is killed. Prints the number up to which all are written, whenever the
 * recorder has nothing left to write. Arguments: the database (a file, or the address of a Postgres) and the first number.
 */
import { setImmediate } from 'node:timers/promises';
import { openPostgres } from '../../../src/node/database/postgres.ts';
import { openSqlite } from '../../../src/node/database/sqlite.ts';
import { createRecorder } from '../../../src/store/ledger/recorder.ts';
import { createStoreOver } from '../../../src/store/store.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { quiet } from '../lab.ts';
import { numbered } from '../summaries.ts';

const [database = '', first = '0'] = process.argv.slice(2);

const store = createStoreOver({
  connect: (lost) =>
    Promise.resolve(database.startsWith('postgres:') ? openPostgres(database, quiet) : openSqlite(database, lost)),
  clock: systemClock,
  log: quiet,
  retention: { ledgerDays: 0, contentDays: 1, responseBytes: 1 },
  responses: { maxBytes: 1, lifetimeMs: 1 },
});
const recorder = createRecorder(store, systemClock, quiet);

for (let next = Number(first); ;) {
  for (let count = 0; count < 50; count += 1) recorder.record(numbered((next += 1)), { request: `body ${next}` });
  // More would only be dropped.
  while (recorder.health().waiting > 5_000) await setImmediate();
  if (next % 2_000 === 0) {
    while (recorder.health().waiting > 0) await setImmediate();
    console.log(`written ${next}`);
  }
  await setImmediate();
}
