/**
 * Keys, limits, ledger and stored responses behind the Worker: in the database of one Durable Object, so that they
 * outlive every container and hold in all of them.
 */
import { expect, it } from 'vitest';
import { chat, demoLabs } from './demo-labs.ts';
import { eventually, type CallInit, type Lab } from './lab.ts';

const { lab, upstream } = demoLabs();

const json = async <Body>(response: Response | Promise<Response>): Promise<Body> =>
  (await (await response).json()) as Body;

interface Made {
  readonly secret: string;
  readonly key: { readonly id: string };
}

interface Page {
  readonly requests: readonly { readonly keyName?: string; readonly status: number; readonly dialect: string }[];
}

const makeKey = (here: Lab, settings: object): Promise<Made> =>
  json(here.call('/admin/keys', { body: { name: 'team', ...settings } }));

const as = ({ secret }: Made): Pick<CallInit, 'headers'> => ({ headers: { authorization: `Bearer ${secret}` } });

const killContainers = async (here: Lab): Promise<void> => {
  for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGKILL');
  await eventually(() => here.engine.running().length === 0);
};

it('keeps a named key, its limits and its rows beyond the container', async () => {
  const here = await lab();
  const made = await makeKey(here, { limits: { requestsPerMinute: 2 }, aliases: { mine: 'haiku' } });
  expect(made.secret).toMatch(/^ocp_/u);
  const ask = () => here.call('/v1/chat/completions', { body: chat('[[text:hi]]'), ...as(made) });
  expect((await ask()).status).toBe(200);
  const rows = () => json<Page>(here.call('/admin/requests?key=team'));
  await eventually(async () => (await rows()).requests.length === 1);

  await killContainers(here);
  expect((await ask()).status).toBe(200);
  // The first one still counts, though another container counted it.
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/u);
  expect(await refused.text()).toContain('requestsPerMinute');
  await eventually(async () => (await rows()).requests.length === 3);
  expect((await rows()).requests.map(({ status }) => status)).toEqual([429, 200, 200]);

  const models = await json<{ data: { id: string }[] }>(here.call('/v1/models', as(made)));
  expect(models.data[0]?.id).toBe('mine');
  expect((await here.call('/admin/keys', as(made))).status).toBe(403);
  expect((await here.call(`/admin/keys/${made.key.id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await ask()).status).toBe(401);
  expect((await here.call('/v1/models', as(made))).status).toBe(401);
});

it('goes on from a stored response in another container, and shows it to its owner only', async () => {
  const here = await lab();
  const other = await makeKey(here, { name: 'other' });
  const first = await json<{ id: string }>(
    here.call('/v1/responses', { body: { model: 'sonnet', input: 'first question [[text:first answer]]' } }),
  );
  expect(first.id).toMatch(/^resp_/u);
  await eventually(async () => (await here.call(`/v1/responses/${first.id}`)).ok);
  await killContainers(here);

  const body = { model: 'sonnet', input: 'second question', previous_response_id: first.id };
  expect((await here.call('/v1/responses', { body })).status).toBe(200);
  expect(JSON.stringify(upstream().requests.at(-1)?.body)).toMatch(/first question.*first answer.*second question/u);
  const items = await json<{ data: object[] }>(here.call(`/v1/responses/${first.id}/input_items`));
  expect(items.data).toHaveLength(1);
  expect((await here.call(`/v1/responses/${first.id}`, as(other))).status).toBe(404);
  expect((await here.call('/v1/responses', { body, ...as(other) })).status).toBe(400);
  expect((await here.call(`/v1/responses/${first.id}/cancel`, { method: 'POST' })).status).toBe(400);
  expect((await here.call(`/v1/responses/${first.id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await here.call(`/v1/responses/${first.id}`)).status).toBe(404);
});

it('answers /admin through the Worker, in its own words where it refuses', async () => {
  const here = await lab();
  for (const path of ['keys', 'usage', 'requests', 'limits', 'models', 'turns', 'health'])
    expect([path, (await here.call(`/admin/${path}`)).status]).toEqual([path, 200]);
  const wrong = await here.call('/admin/requests?nonsense=1');
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ error: { code: 'invalid_request', param: 'nonsense' } });
  const without = await fetch(new URL('/admin/keys', here.url));
  expect(without.status).toBe(401);
  const foreign = await here.call('/admin/keys', { headers: { origin: 'https://example.com' } });
  expect(foreign.status).toBe(403);
});
