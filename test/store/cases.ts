/** What every database must do. */
import { migrate, newestVersion } from '../../src/store/database/migrations.ts';
import type { KeyRow } from '../../src/store/keys.ts';
import { keyAccessCases, limitCases, planCases } from './access-cases.ts';
import { ledgerCases } from './ledger-cases.ts';
import { refusal, type Cases, type Lab } from './lab.ts';
import { responseCases } from './response-cases.ts';

const databaseCases: Cases = {
  'makes the tables once, also when several servers start at once': async ({ server, equal }) => {
    const servers = Array.from({ length: 8 }, () => server());
    const databases = await Promise.all(servers.map((each) => each.open()));
    for (const database of databases) await migrate(database, 0);
    const versions = await databases[0]?.db
      .selectFrom('proxy_schema_versions')
      .select('version')
      .orderBy('version')
      .execute();
    equal(
      versions?.map(({ version }) => version),
      Array.from({ length: newestVersion }, (_, index) => index + 1),
    );
  },
  'refuses the tables of a newer release': async ({ store, server, equal }) => {
    const { db } = await store.open();
    await db
      .insertInto('proxy_schema_versions')
      .values({ version: newestVersion + 1, applied_at: 0 })
      .execute();
    equal((await refusal(server().open())).includes('newer release'), true);
  },
  'runs a batch whole or not at all': async ({ store, equal }) => {
    const { db, batch } = await store.open();
    const claim = (id: string) => db.insertInto('proxy_claims').values({ id, at: 1 });
    await batch([claim('a'), claim('b')]);
    const half = batch([claim('c'), claim('a'), claim('d')]);
    equal(
      await half.then(
        () => 'done',
        () => 'failed',
      ),
      'failed',
    );
    equal(await db.selectFrom('proxy_claims').select('id').orderBy('id').execute(), [{ id: 'a' }, { id: 'b' }]);
  },
  'gives numbers back as numbers': async ({ store, equal }) => {
    const { db } = await store.open();
    await db.insertInto('proxy_claims').values({ id: 'x', at: 1_800_000_000_000 }).execute();
    const row = await db
      .selectFrom('proxy_claims')
      .select(({ fn }) => ['at', fn.sum('at').as('sum'), fn.countAll().as('count'), fn.avg('at').as('mean')])
      .groupBy('at')
      .executeTakeFirst();
    equal(row, { at: 1_800_000_000_000, sum: 1_800_000_000_000, count: 1, mean: 1_800_000_000_000 });
  },
  'answers or refuses what comes while it is closed': async ({ server, equal }) => {
    const store = server();
    await store.claim('before');
    const during = Array.from({ length: 5 }, (_, index) => store.claim(`during ${index}`));
    const closing = store.close();
    const after = refusal(store.claim('after'));
    await Promise.allSettled([...during, closing]);
    equal(await after, 'Error: The database has been closed.');
  },
  'lets one server claim what is to be said once': async ({ store, server, equal }) => {
    const claims = await Promise.all([store.claim('80 %'), server().claim('80 %'), store.claim('80 %')]);
    equal(claims.filter(Boolean).length, 1);
    equal(await store.claim('95 %'), true);
  },
};

const key = (name: string, more: Partial<KeyRow> = {}): KeyRow => ({
  id: `key_${name}`,
  name,
  hash: `hash-${name}`,
  hint: 'abcd',
  role: 'user',
  limits: { requestsPerMinute: 3 },
  aliases: { fast: 'haiku' },
  allowedModels: null,
  createdAt: 1_000,
  expiresAt: undefined,
  revokedAt: undefined,
  ...more,
});

const keyCases: Cases = {
  'finds a key by its hash and by its id': async ({ store: { keys }, equal }) => {
    await keys.insert(key('ci', { allowedModels: ['opus'], expiresAt: 5_000 }));
    equal(await keys.byHash('hash-ci'), key('ci', { allowedModels: ['opus'], expiresAt: 5_000 }));
    equal(await keys.byId('key_ci'), key('ci', { allowedModels: ['opus'], expiresAt: 5_000 }));
    equal(await keys.byHash('other'), undefined);
    equal(await keys.byId('other'), undefined);
  },
  'lists the newest first': async ({ store: { keys }, equal }) => {
    await keys.insert(key('old', { createdAt: 1 }));
    await keys.insert(key('new', { createdAt: 2 }));
    equal(
      (await keys.list()).map(({ name }) => name),
      ['new', 'old'],
    );
  },
  'changes what it is told to change': async ({ store: { keys }, equal }) => {
    await keys.insert(key('ci', { expiresAt: 5_000 }));
    equal(
      await keys.update('key_ci', { limits: {}, role: 'admin' }),
      key('ci', { limits: {}, role: 'admin', expiresAt: 5_000 }),
    );
    equal(await keys.update('key_ci', { expiresAt: null }), key('ci', { limits: {}, role: 'admin' }));
    equal(await keys.update('key_ci', {}), key('ci', { limits: {}, role: 'admin' }));
    equal(await keys.update('nobody', { role: 'admin' }), undefined);
  },
  'refuses a name that is taken': async ({ store: { keys }, equal }) => {
    await keys.insert(key('ci'));
    await keys.insert(key('other'));
    equal(await refusal(keys.insert(key('ci', { id: 'key_2', hash: 'hash-2' }))), 'invalid_request name');
    equal(await refusal(keys.update('key_other', { name: 'ci' })), 'invalid_request name');
  },
  'revokes a key once, keeps it, and frees its name': async ({ store: { keys }, equal }) => {
    await keys.insert(key('ci'));
    equal(await keys.revoke('key_ci', 9), true);
    equal(await keys.revoke('key_ci', 10), false);
    equal((await keys.byHash('hash-ci'))?.revokedAt, 9);
    equal(await keys.list(), []);
    equal((await keys.list({ revoked: true })).length, 1);
    equal(await keys.update('key_ci', { role: 'admin' }), undefined);
    await keys.insert(key('ci', { id: 'key_2', hash: 'hash-2' }));
    equal(
      (await keys.list()).map(({ id }) => id),
      ['key_2'],
    );
  },
  'takes names and hashes as text, whatever they hold': async ({ store: { keys }, equal }) => {
    const name = `Robert'); DROP TABLE proxy_keys; --  "ünï" 😀`;
    await keys.insert(key(name));
    equal((await keys.byHash(`hash-${name}`))?.name, name);
    equal(await keys.byHash(`' OR 1=1 --`), undefined);
  },
};

const counter = (lab: Lab, store = lab.store) =>
  store.sharedValue<number>({
    id: 'counter',
    initial: 0,
    parse: (stored) => (typeof stored === 'number' ? stored : undefined),
  });

const increment = (value: number) => ({ value: value + 1, result: value + 1 });

const sharedValueCases: Cases = {
  'loses no change of two servers': async (lab) => {
    const servers = [counter(lab), counter(lab, lab.server()), counter(lab, lab.server())];
    const results = (
      await Promise.all(
        servers.map((server) => Promise.all(Array.from({ length: 20 }, () => server.change(increment)))),
      )
    ).flat();
    lab.equal(
      results.toSorted((a, b) => a - b),
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    lab.equal(await servers[0]?.current(), 60);
  },
  'sees what another server has changed': async (lab) => {
    const [here, there] = [counter(lab), counter(lab, lab.server())];
    lab.equal(await here.change(increment), 1);
    lab.equal(await there.change(increment), 2);
    lab.equal(await here.current(), 2);
    lab.equal(await here.change(increment), 3);
  },
  'begins anew where what is stored cannot be read': async (lab) => {
    const { db } = await lab.store.open();
    await db.insertInto('proxy_values').values({ id: 'counter', version: 7, value: 'broken', updated_at: 0 }).execute();
    lab.equal(await counter(lab).change(increment), 1);
    lab.equal(await counter(lab, lab.server()).current(), 1);
  },
  'is kept for ever, unless it counts the limits of a key that nobody uses': async (lab) => {
    const DAY_MS = 24 * 3_600_000;
    const { db } = await lab.store.open();
    const value = (id: string, days: number) => ({
      id,
      version: 1,
      value: '1',
      updated_at: lab.clock.now() - days * DAY_MS,
    });
    const values = [value('encryption-key', 400), value('limits:old', 91), value('limits:recent', 89)];
    await db.insertInto('proxy_values').values(values).execute();
    await lab.store.sweeper.sweep();
    const left = await db.selectFrom('proxy_values').select('id').orderBy('id').execute();
    lab.equal(left, [{ id: 'encryption-key' }, { id: 'limits:recent' }]);
  },
  'passes on what a step throws, and goes on': async (lab) => {
    const value = counter(lab);
    const broken = value.change(() => {
      throw new TypeError('broken step');
    });
    lab.equal(await refusal(broken), 'TypeError: broken step');
    lab.equal(await value.change(increment), 1);
  },
};

export const allCases: Readonly<Record<string, Cases>> = {
  'the database': databaseCases,
  keys: keyCases,
  'shared values': sharedValueCases,
  'the ledger': ledgerCases,
  'stored responses': responseCases,
  'named keys': keyAccessCases,
  'limits of keys': limitCases,
  'the plan': planCases,
};
