/** Claims so many ids that others claim too, then prints how many it got. Arguments: the database file, the number. */
import { openSqlite } from '../../../src/node/database/sqlite.ts';
import { createStoreOver } from '../../../src/store/store.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { quiet } from '../lab.ts';

const [file = '', times = '0'] = process.argv.slice(2);

const store = createStoreOver({
  connect: (lost) => Promise.resolve(openSqlite(file, lost)),
  clock: systemClock,
  log: quiet,
  retention: { ledgerDays: 0, contentDays: 1, responseBytes: 1 },
  responses: { maxBytes: 1, lifetimeMs: 1 },
});
let won = 0;
for (let count = 0; count < Number(times); count += 1) if (await store.claim(`event ${count}`)) won += 1;
console.log(won);
await store.close();
