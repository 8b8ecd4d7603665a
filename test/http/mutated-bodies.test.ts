/**
 * 10,000 bodies bent out of shape, asked of the whole server before the demo upstream: a 200, or the caller's fault in the
 * dialect's envelope, never a 5xx and never silence. A failure prints its seed and path; MUTATION_SEED repeats a run.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialects } from '../../src/dialects/index.ts';
import { systemClock } from '../../src/util/clock.ts';
import { createKeyRing } from '../../src/access/keys.ts';
import { createBodyBudget } from '../../src/access/body-budget.ts';
import { createLeases } from '../../src/access/leases.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { createApiEngine } from '../../src/engines/api/engine.ts';
import { createApp } from '../../src/http/app.ts';
import { createModels } from '../../src/node/models.ts';
import type { Engine } from '../../src/turn/engine.ts';
import { startWorld } from '../conformance/set-up.ts';
import { claudeBody, gptBody } from '../fixtures/cursor.ts';
import {
  bent,
  changes,
  chat,
  completion,
  legacy,
  messages,
  ollamaChat,
  ollamaGenerate,
  responses,
} from '../dialects/mutations.ts';
import { quietLog } from './scripted-engine.ts';
import { defaults } from './set-up.ts';

const seed = Number(process.env['MUTATION_SEED'] ?? Date.now() % 2 ** 31);
console.log(`mutated bodies: MUTATION_SEED=${seed}`);

/** Longer than any answer takes here, on any machine. */
const HANG_MS = 60_000;

/** Models that say no to different things; the bodies of the generator name one that nobody knows. */
const MODELS = ['claude-haiku-4-5-20251001', 'claude-sonnet-5-5', 'claude-opus-5-5', 'gpt-4o'];
/** Of a hundred, so many are asked of each endpoint. */
const ENDPOINTS = [
  {
    path: '/v1/chat/completions',
    share: 30,
    seeds: [chat, legacy, claudeBody('u'), gptBody('u'), plain({ stream: true }), plain({ stream: false })],
  },
  { path: '/api/chat', share: 10, seeds: [ollamaChat, plain({})] },
  { path: '/api/generate', share: 5, seeds: [ollamaGenerate] },
  { path: '/v1/responses', share: 20, seeds: [responses] },
  { path: '/v1/completions', share: 10, seeds: [completion] },
  {
    path: '/v1/messages',
    share: 30,
    seeds: [messages, plain({ max_tokens: 2000, stream: true }), plain({ max_tokens: 2000, system: 's' })],
  },
  { path: '/v1/messages/count_tokens', share: 10, seeds: [messages, plain({})] },
] as const;

function plain(more: object): object {
  return { model: 'm', messages: [{ role: 'user', content: 'hello' }], tools: undefined, ...more };
}

type Ask = (path: string, body: string) => Promise<Response>;

describe('ENGINE=anthropic-api, in memory', () => {
  let upstream: DemoUpstream;
  let engine: Engine;
  let ask: Ask;
  beforeAll(async () => {
    upstream = await startDemoUpstream({ keepRequests: 10 });
    engine = createApiEngine({ apiKey: 'x', baseUrl: upstream.url });
    const models = createModels({ MODEL_MAP: {}, MODEL_UNKNOWN: 'default', MODEL_TRACK: 'pinned' }, engine, {
      log: quietLog,
      clock: systemClock,
    });
    const leases = createLeases({ maxConcurrency: 4, queueLimit: 4, queueTimeoutMs: 30_000, clock: systemClock });
    const bodies = createBodyBudget({ maxBytes: 100_000_000, waitMs: 1_000, clock: systemClock });
    const app = createApp({
      dialects,
      announce: () => {},
      engine,
      leases,
      bodies,
      keys: await createKeyRing([]),
      log: quietLog,
      clock: systemClock,
      version: '1',
      login: 'x',
      ...models,
      settings: { ...defaults, maxBodyBytes: 10_000_000 },
    });
    ask = (path, body) =>
      Promise.resolve(
        app.request(path, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
          signal: AbortSignal.timeout(HANG_MS),
        }),
      );
  });
  afterAll(async () => {
    await engine.close();
    await upstream.close();
  });
  test.each(ENDPOINTS)(
    '$path',
    async (endpoint) => {
      await askAll(endpoint, endpoint.share * 100, (path, body) => ask(path, body));
    },
    300_000,
  );
});

describe('ENGINE=claude-code, over the network', () => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeAll(async () => {
    world = await startWorld('claude-code', { MAX_PROCESSES: '16', SPARES: '2', IDLE_TTL: '5' });
  });
  afterAll(() => world.stop());
  test.each(ENDPOINTS)(
    '$path',
    async (endpoint) => {
      const json = { 'content-type': 'application/json' };
      // Each body that passes is a conversation, with a process of its own.
      await askAll(endpoint, Math.max(30, endpoint.share), (path, body) =>
        fetch(world.server.url + path, { method: 'POST', body, headers: json, signal: AbortSignal.timeout(HANG_MS) }),
      );
    },
    300_000,
  );
});

const askAll = async ({ path, seeds }: (typeof ENDPOINTS)[number], numRuns: number, ask: Ask): Promise<void> => {
  const statuses = new Map<number, number>();
  const bodies = fc
    .tuple(fc.constantFrom<object>(...seeds), fc.constantFrom(...MODELS), changes)
    .map(([whole, model, all]) => JSON.stringify(bent({ ...whole, model }, all)));
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const response = await ask(path, body);
      const answer = await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      expectWellFormed(path, response, answer);
    }),
    { numRuns, seed, endOnFailure: true },
  );
  // Not all of them may fail at the door, or nothing behind it was tried.
  expect(statuses.get(200) ?? 0, JSON.stringify([...statuses])).toBeGreaterThan(numRuns / 50);
  expect(statuses.get(400) ?? 0, JSON.stringify([...statuses])).toBeGreaterThan(numRuns / 50);
};

const anthropicError = {
  type: 'error',
  error: { type: expect.any(String), message: expect.any(String) },
  request_id: expect.any(String),
};
const openAiError = {
  error: {
    message: expect.any(String),
    type: expect.any(String),
    param: expect.toSatisfy(isTextOrNull),
    code: expect.toSatisfy(isTextOrNull),
  },
};

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** How a stream ends in each dialect. */
const ENDS = [
  ['/v1/messages', /event: (message_stop|error)\n/],
  ['/api/', /\{(.*"done":true.*|"error":.*)\}\n$/],
  ['/v1/responses', /event: response\.(completed|incomplete|failed)\ndata: .*\n\n$/],
] as const;

const expectWellFormed = (path: string, response: Response, answer: string): void => {
  const anthropic = path.startsWith('/v1/messages');
  const { status } = response;
  expect(status === 200 || (status >= 400 && status < 500), `${status} ${answer}`).toBe(true);
  if (status !== 200) {
    const ollama = path.startsWith('/api/');
    const error = anthropic ? anthropicError : ollama ? { error: expect.any(String) } : openAiError;
    expect(JSON.parse(answer)).toMatchObject(error);
    return;
  }
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    expect(typeof JSON.parse(answer)).toBe('object');
    return;
  }
  // The status went out before the upstream answered, or the stream is whole.
  expect(answer).toMatch(ENDS.find(([begins]) => path.startsWith(begins))?.[1] ?? /data: (\[DONE\]|\{"error")/);
};
