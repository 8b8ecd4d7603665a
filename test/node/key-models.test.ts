/** The lists of models at a real server, with a key that has names and models of its own. */
import { expect, it } from 'vitest';
import { startKeyed } from './keyed-server.ts';

interface Lists {
  readonly data: readonly { readonly id: string; readonly display_name?: string; readonly resolves_to?: string }[];
  readonly models: readonly { readonly slug?: string; readonly name?: string }[];
}

interface Init {
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

it('follow the key in every dialect, and at once', async () => {
  const server = await startKeyed();
  const body = { name: 'team', aliases: { cheap: 'sonnet', 'gpt-*': 'sonnet' }, allowedModels: ['sonnet'] };
  const made = await server.ask('/admin/keys', { body });
  const { secret, key } = (await made.json()) as { secret: string; key: { id: string } };
  const ask = (path: string, { headers, ...init }: Init = {}) =>
    server.ask(path, { ...init, headers: { ...server.bearer(secret), ...headers } });
  const list = async (path: string, init: Init = {}): Promise<Lists> => (await (await ask(path, init)).json()) as Lists;

  const openai = (await list('/v1/models')).data;
  expect(openai[0]?.id).toBe('cheap');
  for (const { id, resolves_to } of openai) expect(resolves_to ?? id).toMatch(/sonnet/u);
  // The key's own pattern counts before the server's mapping.
  expect(openai.map(({ id }) => id)).toEqual(expect.arrayContaining(['gpt-4o', 'sonnet']));
  expect(openai.map(({ id }) => id)).not.toContain('opus');

  const anthropic = await list('/v1/models', { headers: { 'anthropic-version': '2023-06-01' } });
  expect(anthropic.data.map(({ id }) => id)).toEqual(openai.map(({ id }) => id));
  expect(anthropic.data[0]?.display_name).toMatch(/^cheap \(answered by claude-sonnet/u);
  const codex = await list('/v1/models?client_version=1.2.3');
  expect(codex.models.map(({ slug }) => slug)).toEqual(openai.map(({ id }) => id));
  const ollama = await list('/api/tags');
  expect(ollama.models.map(({ name }) => name)).toEqual(expect.arrayContaining(['cheap:latest', 'sonnet:latest']));
  expect(ollama.models.map(({ name }) => name)).not.toContain('opus:latest');

  const status = async (path: string, init: Init = {}) => (await ask(path, init)).status;
  expect(await status('/v1/models/cheap')).toBe(200);
  expect(await status('/v1/models/gpt-99')).toBe(200);
  expect(await status('/v1/models/opus')).toBe(404);
  expect(await status('/api/show', { body: { model: 'cheap' } })).toBe(200);
  expect(await status('/api/show', { body: { model: 'opus' } })).toBe(404);

  await server.ask(`/admin/keys/${key.id}`, { method: 'PATCH', body: { allowedModels: ['opus'] } });
  expect((await list('/v1/models')).data.map(({ id }) => id)).not.toContain('cheap');
});
