import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { responsesSuite } from './responses.ts';
import { engines, onEveryEngine, startWorld } from './set-up.ts';

onEveryEngine('Responses through the OpenAI SDK', responsesSuite);

it.each(engines)('responses of one key are not there for another, and outlive the server (%s)', async (engineName) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'stored-'));
  const begin = () => startWorld(engineName, { PROXY_API_KEY: 'one,two', STATE_DIR: stateDir });
  const as = (url: string, apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const first = await begin();
  const kept = await as(first.server.url, 'one').responses.create({ model: 'gpt-4o', input: '[[text:kept]]' });
  const { id } = kept;
  const other = as(first.server.url, 'two').responses;
  await expect(other.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(other.delete(id)).rejects.toMatchObject({ status: 404 });
  await expect(other.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
  await expect(other.create({ model: 'gpt-4o', input: 'x', previous_response_id: id })).rejects.toMatchObject({
    status: 400,
  });
  const reference = { type: 'item_reference' as const, id: kept.output[0]?.id ?? '' };
  const asked = other.create({ model: 'gpt-4o', input: [{ role: 'user', content: 'x' }, reference] });
  await expect(asked).rejects.toMatchObject({ status: 400, param: 'input[1].id' });
  const stream = await as(first.server.url, 'one').responses.create({
    model: 'gpt-4o',
    input: '[[text:one two three]] [[slow:20]]',
    stream: true,
  });
  for await (const event of stream) {
    if (event.type === 'response.created')
      await expect(other.cancel(event.response.id)).rejects.toMatchObject({ status: 404 });
    if (event.type === 'response.completed') expect(event.response.status).toBe('completed');
  }
  await first.stop();
  const second = await begin();
  try {
    const { responses } = as(second.server.url, 'one');
    expect((await responses.retrieve(id)).output_text).toBe('kept');
    const next = await responses.create({ model: 'gpt-4o', input: '[[text:on]]', previous_response_id: id });
    expect(next.output_text).toBe('on');
  } finally {
    await second.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
});
