/** Ollama's API, whose streams are lines of JSON, through the Worker and a container that starts for it. */
import { Ollama } from 'ollama';
import { expect, it } from 'vitest';
import { demoLabs } from './demo-labs.ts';
import { KEY, type Lab } from './lab.ts';

const { lab } = demoLabs();

const clientOf = ({ url }: Lab) => new Ollama({ host: url, headers: { authorization: `Bearer ${KEY}` } });
const asked = (content: string) => ({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
const begun = { headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, method: 'POST' };

it('is there without a container, and shows life in its own lines while one starts', async () => {
  const here = await lab();
  const client = clientOf(here);
  expect((await client.list()).models.map(({ name }) => name)).toContain('sonnet:latest');
  expect((await client.show({ model: 'sonnet:latest' })).capabilities).toContain('tools');
  expect(await client.version()).toEqual({ version: expect.any(String) });
  const body = JSON.stringify(asked('[[text:one two three]]'));
  const response = await fetch(new URL('/api/chat', here.url), { ...begun, body });
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await response.text()).trimEnd().split('\n');
  const parts = lines.map((line) => JSON.parse(line) as { message: { content: string }; done: boolean });
  expect(parts[0]).toEqual({ message: { role: 'assistant', content: '' }, done: false });
  expect(parts.map(({ message }) => message.content).join('')).toBe('one two three');
  expect(parts.map(({ done }) => done).indexOf(true)).toBe(parts.length - 1);
});

it('answers whole and in a stream, and ends a stream that fails with an error', async () => {
  const here = await lab();
  const client = clientOf(here);
  const failing = await client.chat({ ...asked('[[error:529]]'), stream: true });
  await expect(Array.fromAsync(failing)).rejects.toThrow(/./);
  expect((await client.chat(asked('[[text:whole]]'))).message.content).toBe('whole');
  const parts = await Array.fromAsync(await client.chat({ ...asked('[[text:a b c]]'), stream: true }));
  expect(parts.map(({ message }) => message.content).join('')).toBe('a b c');
  expect(parts.at(-1)?.done).toBe(true);
  expect(await client.generate({ model: 'sonnet', prompt: '' })).toMatchObject({ done_reason: 'load' });
  await expect(client.chat(asked('[[error:400]]'))).rejects.toMatchObject({ status_code: 400 });
});
