/**
 * Records 5,000 requests while the system lets its files grow only so far, and prints its recorder's health when that is
 * bad; told to go on, it prints it again when all are written. Argument: the database file.
 */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { openSqlite } from '../../../src/node/database/sqlite.ts';
import { createRecorder } from '../../../src/store/ledger/recorder.ts';
import { createStoreOver } from '../../../src/store/store.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { quiet } from '../lab.ts';
import { numbered } from '../summaries.ts';

const [file = ''] = process.argv.slice(2);

const store = createStoreOver({
  connect: (lost) => Promise.resolve(openSqlite(file, lost)),
  clock: systemClock,
  log: quiet,
  retention: { ledgerDays: 0, contentDays: 1, responseBytes: 1 },
  responses: { maxBytes: 1, lifetimeMs: 1 },
});
const recorder = createRecorder(store, systemClock, quiet);
for (let n = 1; n <= 5_000; n += 1) recorder.record(numbered(n));

while (recorder.health().ok) await setImmediate();
console.log(JSON.stringify(recorder.health()));
await once(process.stdin, 'data');
while (recorder.health().waiting > 0) await setImmediate();
console.log(JSON.stringify(recorder.health()));
await recorder.close(1_000);
await store.close();
process.stdin.destroy();
