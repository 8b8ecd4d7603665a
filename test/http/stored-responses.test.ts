import { expect, it } from 'vitest';
import type { ResponseStore } from '../../src/store/responses.ts';
import { setUpApp } from './set-up.ts';

const broken: ResponseStore = {
  put: () => Promise.reject(new Error('the disk is full')),
  get: () => Promise.reject(new Error('the disk is gone')),
  history: () => Promise.reject(new Error('the disk is gone')),
  delete: () => Promise.reject(new Error('the disk is gone')),
};

const json = async (response: Response) => (await response.json()) as { error?: object; output?: object[] };

it('an answer that cannot be stored is an answer all the same, and the log says so', async () => {
  const { ask, lines } = await setUpApp({ responses: broken });
  const response = await ask('/v1/responses', { model: 'gpt-4o', input: 'x' });
  expect([response.status, (await json(response)).output?.length]).toEqual([200, 1]);
  expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    'a response could not be stored',
  ]);
});

it('one that is too large is not kept', async () => {
  const { ask, lines } = await setUpApp({ responses: { ...broken, put: () => Promise.resolve('too_large' as const) } });
  expect((await ask('/v1/responses', { model: 'gpt-4o', input: 'x' })).status).toBe(200);
  expect(lines.some(({ message }) => message === 'a response could not be stored')).toBe(true);
});

it('without a database what refers to it fails with a 503, the rest goes on', async () => {
  const { app, ask } = await setUpApp({ responses: broken });
  expect((await ask('/v1/responses', { model: 'gpt-4o', input: 'x', store: false })).status).toBe(200);
  for (const body of [
    { model: 'gpt-4o', input: 'x', previous_response_id: 'resp_1' },
    { model: 'gpt-4o', input: [{ type: 'item_reference', id: 'msg_1_0' }] },
  ]) {
    const response = await ask('/v1/responses', body);
    expect([response.status, await json(response)]).toMatchObject([503, { error: { code: 'server_error' } }]);
  }
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/input_items'],
    ['POST', '/cancel'],
  ] as const) {
    expect((await app.request(`/v1/responses/resp_1${path}`, { method })).status).toBe(503);
  }
});

it('a server that stores nothing has nothing to show', async () => {
  const { app, ask } = await setUpApp();
  const response = await ask('/v1/responses', { model: 'gpt-4o', input: 'x', store: true });
  expect([response.status, response.headers.get('x-proxy-ignored')]).toEqual([200, 'store']);
  for (const path of ['', '/input_items']) {
    const missing = await app.request(`/v1/responses/resp_1${path}`);
    expect([missing.status, await json(missing)]).toMatchObject([
      404,
      { error: { code: 'response_not_found', param: 'response_id', message: "Response with id 'resp_1' not found." } },
    ]);
  }
});

it('a list of items is asked for in a form that exists', async () => {
  const row = {
    id: 'resp_1',
    owner: 'o',
    previousId: undefined,
    createdAt: 0,
    response: '{"output":[]}',
    inputItems: '[{"role":"user","content":"x"}]',
  };
  const { app } = await setUpApp({
    responses: { ...broken, get: () => Promise.resolve(row), history: () => Promise.resolve([row]) },
  });
  const get = async (query: string) => {
    const response = await app.request(`/v1/responses/resp_1${query}`);
    return [response.status, await json(response)] as const;
  };
  expect(await get('/input_items')).toMatchObject([
    200,
    { data: [{ id: 'msg_1_0_in', type: 'message', content: [{ type: 'input_text', text: 'x' }] }], has_more: false },
  ]);
  for (const query of [
    '/input_items?limit=0',
    '/input_items?limit=1000',
    '/input_items?limit=x',
    '/input_items?after=msg_none',
    '?stream=true',
  ]) {
    expect((await get(query))[0], query).toBe(400);
  }
});

it('a path that is no id is no response', async () => {
  const { app } = await setUpApp({ responses: broken });
  expect((await app.request('/v1/responses/other')).status).toBe(404);
});

it('a stored conversation may not be larger than a body', async () => {
  const row = {
    id: 'resp_1',
    owner: 'o',
    previousId: undefined,
    createdAt: 0,
    response: '{"output":[]}',
    inputItems: JSON.stringify([{ role: 'user', content: 'x'.repeat(2_000_000) }]),
  };
  const { ask } = await setUpApp({ responses: { ...broken, history: () => Promise.resolve([row]) } });
  const response = await ask('/v1/responses', { model: 'gpt-4o', input: 'x', previous_response_id: 'resp_1' });
  expect([response.status, await json(response)]).toMatchObject([413, { error: { param: 'previous_response_id' } }]);
});
