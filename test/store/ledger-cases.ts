import { LONGEST_BODY } from '../../src/store/ledger/requests.ts';
import type { LedgerFilter, Total, TotalsOptions } from '../../src/store/ledger/reports.ts';
import { noTokens } from '../../src/turn/request-summary.ts';
import { systemClock } from '../../src/util/clock.ts';
import { createRecorder } from '../../src/store/ledger/recorder.ts';
import { quiet, refusal, type Cases, type Lab } from './lab.ts';
import { refused, summary } from './summaries.ts';

const at = (time: string): number => Date.parse(time);

const names = async (lab: Lab, filter: LedgerFilter, options: TotalsOptions): Promise<unknown[]> =>
  (await lab.store.ledger.totals(filter, options)).map(({ period, key, model, client, requests, costUsd }: Total) =>
    [period, key, model, client, requests, costUsd].filter((part) => part !== undefined),
  );

export const ledgerCases: Cases = {
  'gives back what was recorded': async (lab) => {
    const full = summary({
      tokens: { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5, thinking: 1 },
      webSearches: 2,
      retries: 3,
      cost: { usd: 0.000_000_35, basis: 'managed' },
    });
    const few = refused();
    const unpriced = summary({ cost: { usd: 'unknown', basis: 'unknown' }, key: { name: 'PROXY_API_KEY' } });
    await lab.write(full, few, unpriced);
    lab.equal(await lab.store.ledger.request(full.id), { request: full });
    lab.equal(await lab.store.ledger.request(few.id), { request: few });
    lab.equal(await lab.store.ledger.request(unpriced.id), { request: unpriced });
    lab.equal(await lab.store.ledger.request('req_none'), undefined);
  },
  'writes nothing twice': async (lab) => {
    const one = summary();
    await lab.write(one, one);
    await lab.write({ ...one, status: 500 }, summary());
    lab.equal((await lab.store.ledger.totals())[0]?.requests, 2);
    lab.equal((await lab.store.ledger.request(one.id))?.request.status, 200);
  },
  'writes more than one statement can carry': async (lab) => {
    await lab.write(...Array.from({ length: 1_200 }, () => summary()));
    lab.equal((await lab.store.ledger.totals())[0]?.requests, 1_200);
  },
  'keeps bodies where it is given them, cut to what a row can hold': async (lab) => {
    const recorder = createRecorder(lab.store, systemClock, quiet);
    const [short, long] = [summary(), summary()];
    recorder.record(short, { request: '{"messages":[]}' });
    recorder.record(long, { request: '€'.repeat(LONGEST_BODY + 1), response: '€'.repeat(LONGEST_BODY + 1) });
    await recorder.close(10_000);
    lab.equal((await lab.store.ledger.request(short.id))?.content, { request: '{"messages":[]}' });
    const kept = (await lab.store.ledger.request(long.id))?.content;
    lab.equal([kept?.request?.length, kept?.response?.length], [LONGEST_BODY, LONGEST_BODY]);
  },
  'takes text that Postgres refuses': async (lab) => {
    const odd = summary({ modelAsked: 'a\0b\ud800c', client: { name: '\0' }, key: { name: '😀'.repeat(150) } });
    await lab.write(odd);
    const kept = (await lab.store.ledger.request(odd.id))?.request;
    lab.equal([kept?.modelAsked, kept?.client.name, kept?.key?.name], ['ab\ufffdc', '', '😀'.repeat(100)]);
  },
  'an entry that the database refuses does not hold up the others': async (lab) => {
    // Too large for any integer column that there is.
    const impossible = summary({ status: 1e300 });
    const others = Array.from({ length: 9 }, () => summary());
    await lab.write(...others.slice(0, 4), impossible, ...others.slice(4));
    const found = await Promise.all(others.map(({ id }) => lab.store.ledger.request(id)));
    lab.equal(found.filter((each) => each !== undefined).length, 9);
  },
  'adds up by key, model and client': async (lab) => {
    await lab.write(
      summary({ cost: { usd: 1, basis: 'list' } }),
      summary({ cost: { usd: 2, basis: 'list' }, model: 'claude-opus-5-5' }),
      summary({ cost: { usd: 4, basis: 'list' }, key: { name: 'anna' } }),
      refused(),
    );
    lab.equal(
      await names(lab, {}, { by: ['model'] }).then(sorted),
      [
        ['claude-opus-5-5', 1, 2],
        ['claude-sonnet-5-5', 2, 5],
        [null, 1, 0],
      ]
        .map(String)
        .toSorted(),
    );
    lab.equal(
      await names(lab, { key: 'ci' }, { by: ['key', 'model'] }).then(sorted),
      [
        ['ci', 'claude-opus-5-5', 1, 2],
        ['ci', 'claude-sonnet-5-5', 1, 1],
      ]
        .map(String)
        .toSorted(),
    );
  },
  'never adds an unknown price as zero': async (lab) => {
    await lab.write(summary(), summary({ cost: { usd: 'unknown', basis: 'unknown' } }));
    const [total] = await lab.store.ledger.totals();
    lab.equal([total?.costUsd, total?.unpriced], [0.25, 1]);
  },
  'adds up by local day, also where clocks change': async (lab) => {
    await lab.write(
      // Berlin is two hours ahead until 25 October 2026, 01:00 UTC, and one hour ahead from then on.
      summary({ at: at('2026-10-24T21:59:59Z') }),
      summary({ at: at('2026-10-24T22:00:00Z') }),
      summary({ at: at('2026-10-25T22:59:59Z') }),
      summary({ at: at('2026-10-25T23:00:00Z') }),
    );
    lab.equal(await names(lab, {}, { period: 'day', timeZone: 'Europe/Berlin' }), [
      ['2026-10-24', 1, 0.25],
      ['2026-10-25', 2, 0.5],
      ['2026-10-26', 1, 0.25],
    ]);
    lab.equal(await names(lab, {}, { period: 'day' }), [
      ['2026-10-24', 2, 0.5],
      ['2026-10-25', 2, 0.5],
    ]);
    lab.equal(await names(lab, {}, { period: 'week', timeZone: 'Europe/Berlin' }), [
      ['2026-W43', 3, 0.75],
      ['2026-W44', 1, 0.25],
    ]);
    lab.equal(await names(lab, {}, { period: 'month', by: ['key'], timeZone: 'Asia/Kolkata' }), [
      ['2026-10', 'ci', 4, 1],
    ]);
    lab.equal(
      await refusal(lab.store.ledger.totals({}, { period: 'day', timeZone: 'Mars/Olympus' })),
      'invalid_request timeZone',
    );
  },
  'is empty before the first request': async ({ store: { ledger }, equal }) => {
    equal(await ledger.totals(), []);
    equal(await ledger.totals({}, { period: 'day', by: ['key'] }), []);
    equal(await ledger.sessions({}, 10), []);
    equal(await ledger.blocks({}, 0), []);
    equal(await ledger.requests({}, { limit: 10 }), { requests: [] });
  },
  'lists the newest first, page by page, each once': async ({ store: { ledger }, write, equal }) => {
    const all = Array.from({ length: 7 }, (_, index) => summary({ at: 1_000 + Math.floor(index / 3) }));
    await write(...all);
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await ledger.requests({}, { limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.requests.map(({ id }) => id));
      cursor = page.next;
      pages += 1;
    } while (cursor !== undefined);
    equal(pages, 4);
    equal(
      seen,
      all.toSorted((a, b) => b.at - a.at || b.id.localeCompare(a.id)).map(({ id }) => id),
    );
    equal(await refusal(ledger.requests({}, { limit: 2, cursor: 'nonsense' })), 'invalid_request cursor');
  },
  'filters by everything that it shows': async ({ store: { ledger }, write, equal }) => {
    await write(
      summary({ id: 'req_a', at: 100 }),
      summary({ id: 'req_b', at: 200, model: 'claude-opus-5-5', client: { name: 'codex', session: 's2' } }),
      refused({ id: 'req_c', at: 300, key: { name: 'anna' } }),
    );
    const ids = async (filter: LedgerFilter) =>
      (await ledger.requests(filter, { limit: 10 })).requests.map(({ id }) => id).join(' ');
    equal(await ids({}), 'req_c req_b req_a');
    equal(await ids({ from: 200 }), 'req_c req_b');
    equal(await ids({ to: 200 }), 'req_a');
    equal(await ids({ key: 'anna' }), 'req_c');
    equal(await ids({ model: 'claude-opus-5-5' }), 'req_b');
    equal(await ids({ client: 'codex' }), 'req_b');
    equal(await ids({ session: 's2' }), 'req_b');
    equal(await ids({ dialect: 'openai-chat' }), 'req_c');
    equal(await ids({ outcome: 'error' }), 'req_c');
    equal(await ids({ outcome: 'ok' }), 'req_b req_a');
    equal(await ids({ errorCode: 'invalid_request' }), 'req_c');
    equal(await ids({ key: 'ci', model: 'claude-opus-5-5', from: 201 }), '');
  },
  'groups conversations': async ({ store: { ledger }, write, equal }) => {
    await write(
      summary({ at: 100 }),
      summary({ at: 300 }),
      summary({ at: 200, client: { name: 'codex', session: 's2' } }),
      summary({ at: 400, client: {} }),
    );
    const sessions = await ledger.sessions({}, 10);
    equal(
      sessions.map(({ session, client, key, firstAt, lastAt, requests }) => [
        session,
        client,
        key,
        firstAt,
        lastAt,
        requests,
      ]),
      [
        ['session-1', 'claude-cli', 'ci', 100, 300, 2],
        ['s2', 'codex', 'ci', 200, 200, 1],
      ],
    );
    equal((await ledger.sessions({}, 1)).length, 1);
  },
  'groups blocks of five hours': async ({ store: { ledger }, write, equal }) => {
    await write(
      summary({ at: at('2026-11-24T08:40:00Z') }),
      summary({ at: at('2026-11-24T12:59:59Z') }),
      summary({ at: at('2026-11-24T13:00:00Z') }),
    );
    const blocks = await ledger.blocks({}, at('2026-11-24T14:00:00Z'));
    equal(
      blocks.map(({ startsAt, requests, active }) => [new Date(startsAt).toISOString(), requests, active]),
      [
        ['2026-11-24T08:00:00.000Z', 2, false],
        ['2026-11-24T13:00:00.000Z', 1, true],
      ],
    );
    equal(blocks[1]?.pace, { tokensPerMinute: 0.5, usdPerHour: 0.25, projectedUsd: 1.25 });
  },
  'sweeps rows and bodies after their own times': async ({
    store: { ledger, sweeper, open },
    clock,
    write,
    recorder,
    equal,
  }) => {
    const DAY_MS = 24 * 3_600_000;
    const now = clock.now();
    const writer = recorder();
    const [old, older, fresh] = [8, 91, 1].map((days) => summary({ at: now - days * DAY_MS }));
    if (old === undefined || older === undefined || fresh === undefined) throw new Error('three summaries');
    for (const each of [old, older, fresh]) writer.record(each, { request: 'body' });
    await writer.close(10_000);
    await write(...Array.from({ length: 1_100 }, () => summary({ at: now - 100 * DAY_MS, tokens: noTokens })));
    await sweeper.sweep();
    equal(await ledger.request(older.id), undefined);
    equal((await ledger.request(old.id))?.content, undefined);
    equal((await ledger.request(fresh.id))?.content, { request: 'body' });
    equal((await ledger.totals())[0]?.requests, 2);
    const { db } = await open();
    equal((await db.selectFrom('proxy_contents').select('request_id').execute()).length, 1);
  },
  'keeps the ledger for ever where it is told so': async ({ server, write, equal }) => {
    const { ledger, sweeper } = server({ retention: { ledgerDays: 0, contentDays: 7, responseBytes: 1_000 } });
    await write(summary({ at: 0 }));
    await sweeper.sweep();
    equal((await ledger.totals())[0]?.requests, 1);
  },
};

const sorted = (rows: readonly unknown[]): string[] => rows.map(String).toSorted();
