import type { StoredResponse } from '../../src/store/responses.ts';
import type { Cases } from './lab.ts';

const stored = (id: string, more: Partial<StoredResponse> = {}): StoredResponse => ({
  id,
  owner: 'anna',
  previousId: undefined,
  createdAt: 1_000,
  response: `{"id":"${id}"}`,
  inputItems: '[]',
  ...more,
});

const DAY_MS = 24 * 3_600_000;
const anna = { owner: 'anna', now: 2_000 };

export const responseCases: Cases = {
  'gives a response to its owner alone, until it expires': async ({ store: { responses }, equal }) => {
    equal(await responses.put(stored('resp_1')), 'stored');
    equal(await responses.get('resp_1', anna), stored('resp_1'));
    equal(await responses.get('resp_1', { owner: 'bert', now: 2_000 }), undefined);
    equal(await responses.get('resp_1', { owner: 'anna', now: 1_000 + 30 * DAY_MS - 1 }), stored('resp_1'));
    equal(await responses.get('resp_1', { owner: 'anna', now: 1_000 + 30 * DAY_MS }), undefined);
  },
  'keeps what an id has': async ({ store: { responses }, equal }) => {
    await responses.put(stored('resp_1'));
    await responses.put(stored('resp_1', { owner: 'bert', response: 'other' }));
    equal(await responses.get('resp_1', anna), stored('resp_1'));
  },
  'does not keep what is too large': async ({ store: { responses }, equal }) => {
    equal(await responses.put(stored('resp_1', { response: 'x'.repeat(100_001) })), 'too_large');
    equal(await responses.put(stored('resp_2', { inputItems: 'ü'.repeat(60_000) })), 'too_large');
    equal(await responses.get('resp_1', anna), undefined);
    equal(await responses.put(stored('resp_3', { response: 'x'.repeat(90_000) })), 'stored');
  },
  'gives the history of a response, the oldest first': async ({ store: { responses }, equal }) => {
    await responses.put(stored('resp_1'));
    await responses.put(stored('resp_2', { previousId: 'resp_1' }));
    await responses.put(stored('resp_3', { previousId: 'resp_2' }));
    await responses.put(stored('resp_other', { previousId: 'resp_1' }));
    const ids = async (id: string, reader = anna) => (await responses.history(id, reader)).map((each) => each.id);
    equal(await ids('resp_3'), ['resp_1', 'resp_2', 'resp_3']);
    equal(await ids('resp_1'), ['resp_1']);
    equal(await ids('resp_3', { owner: 'bert', now: 2_000 }), []);
    equal(await ids('nothing'), []);
  },
  'ends a history where another owner, nothing or itself comes before': async ({ store: { responses }, equal }) => {
    await responses.put(stored('resp_foreign', { owner: 'bert' }));
    await responses.put(stored('resp_1', { previousId: 'resp_foreign' }));
    await responses.put(stored('resp_2', { previousId: 'resp_gone' }));
    equal(
      (await responses.history('resp_1', anna)).map(({ id }) => id),
      ['resp_1'],
    );
    equal(
      (await responses.history('resp_2', anna)).map(({ id }) => id),
      ['resp_2'],
    );
    await responses.put(stored('resp_loop', { previousId: 'resp_loop' }));
    equal(
      (await responses.history('resp_loop', anna)).every(({ id }) => id === 'resp_loop'),
      true,
    );
  },
  'deletes for the owner alone': async ({ store: { responses }, equal }) => {
    await responses.put(stored('resp_1'));
    equal(await responses.delete('resp_1', 'bert'), false);
    equal(await responses.delete('resp_1', 'anna'), true);
    equal(await responses.delete('resp_1', 'anna'), false);
    equal(await responses.get('resp_1', anna), undefined);
  },
  'sweeps what has expired, and the oldest beyond the space': async ({ server, clock, equal }) => {
    const now = clock.now();
    const { responses, sweeper } = server({ retention: { ledgerDays: 90, contentDays: 7, responseBytes: 2_500 } });
    const kilobyte = { response: 'x'.repeat(998) };
    await responses.put(stored('resp_expired', { createdAt: now - 31 * DAY_MS }));
    for (const [age, id] of ['resp_a', 'resp_b', 'resp_c'].entries()) {
      await responses.put(stored(id, { createdAt: now - age * 1000, ...kilobyte }));
    }
    await sweeper.sweep();
    const found = await Promise.all(
      ['resp_expired', 'resp_a', 'resp_b', 'resp_c'].map((id) => responses.get(id, { owner: 'anna', now: 0 })),
    );
    equal(
      found.map((each) => each?.id),
      [undefined, 'resp_a', 'resp_b', undefined],
    );
  },
};
