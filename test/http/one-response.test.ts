import { afterEach, beforeEach, expect, it } from 'vitest';
import { chat, messages, setUpApp } from './set-up.ts';

const { Response } = globalThis;
let made = 0;
beforeEach(() => {
  made = 0;
  globalThis.Response = class extends Response {
    constructor(...args: ConstructorParameters<typeof Response>) {
      super(...args);
      made += 1;
    }
  };
});
afterEach(() => {
  globalThis.Response = Response;
});

it.each<[path: string, body: object | undefined]>([
  ['/v1/chat/completions', chat({ stream: true })],
  ['/v1/chat/completions', chat()],
  ['/v1/messages', messages({ stream: true })],
  ['/v1/models', undefined],
])('%s %j is answered by one response, since a copy is sent a millisecond later', async (path, body) => {
  const { ask } = await setUpApp();
  const response = await ask(path, body);
  await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(made).toBe(1);
});
