/**
 * The real server, as `npm start` composes it, on a free port before the demo upstream, and the official
 * clients. Every suite here runs on each engine: one list says which.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { parseConfig } from '../../src/node/config.ts';
import { findCredentials } from '../../src/node/login/credentials.ts';
import { createEngine } from '../../src/node/engine.ts';
import { createStore } from '../../src/node/store.ts';
import { systemClock } from '../../src/util/clock.ts';
import { createServer, type RunningServer } from '../../src/node/server.ts';
import type { Engine } from '../../src/turn/engine.ts';
import { quietLog } from '../http/scripted-engine.ts';

export const engines = ['anthropic-api', 'claude-code'] as const;
export type EngineName = (typeof engines)[number];

/** A Messages request as it reached the upstream. */
export type Arrived = Anthropic.MessageCreateParams & { stream?: boolean; temperature?: number };

/** A server somewhere, its clients, and the upstream behind it: what the suites of the two APIs need. */
export interface Service {
  readonly engineName: EngineName;
  readonly upstream: DemoUpstream;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly post: (
    path: string,
    body: object,
    init?: { signal?: AbortSignal; headers?: Record<string, string> },
  ) => Promise<Response>;
  /** The Messages requests of this test, oldest first. */
  readonly arrived: () => readonly Arrived[];
}

/** One that runs in this process. */
export interface World extends Service {
  readonly engine: Engine;
  readonly server: RunningServer;
}

/** `suite` for each engine, with one server for all its tests and a fresh record of the upstream for each. */
export const onEveryEngine = (
  name: string,
  suite: (world: () => World) => void,
  env: Record<string, string> = {},
): void => {
  describe.each(engines)(`${name} (%s)`, (engineName) => {
    let world: (World & { stop: () => Promise<void> }) | undefined;
    beforeAll(async () => {
      world = await startWorld(engineName, env);
    });
    beforeEach(async () => {
      if (world !== undefined) await forgetRequests(world);
    });
    afterAll(() => world?.stop());
    suite(() => {
      if (world === undefined) throw new Error('the server has not started');
      return world;
    });
  });
};

/**
 * Empties the upstream's record when nothing more of the last test can reach it: a client has its answer before Claude
 * Code is stopped, and a request that it began by itself meanwhile would be taken for the first one of the next test.
 */
export const forgetRequests = async ({ openai, upstream }: Pick<Service, 'openai' | 'upstream'>): Promise<void> => {
  const url = new URL('/health', openai.baseURL);
  for (let running = 1; running > 0;) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${openai.apiKey}` } });
    const { gauges } = (await response.json()) as { gauges?: Record<string, number> };
    running = gauges?.['sessions_running'] ?? 0;
    if (running > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  upstream.clear();
};

export const startWorld = async (
  engineName: EngineName,
  settings: Record<string, string> = {},
): Promise<World & { stop: () => Promise<void> }> => {
  const upstream = await startDemoUpstream();
  const stateDir = await mkdtemp(join(tmpdir(), 'conformance-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: stateDir,
    STATE_DIR: stateDir,
    PORT: '0',
    ENGINE: engineName,
    ANTHROPIC_API_KEY: 'upstream-key',
    ANTHROPIC_BASE_URL: upstream.url,
    DRAIN_TIMEOUT_MS: '100',
    MAX_PROCESSES: '6',
    // What a mapped name means must not depend on the day of the test.
    MODEL_TRACK: 'pinned',
    ...settings,
  };
  const parsed = parseConfig(env);
  const credentials = findCredentials(env, { engine: engineName });
  if (!parsed.ok || credentials.kind === 'none') throw new Error('the test has wrong settings');
  const engine = await createEngine({ config: parsed.config, env, credentials, log: quietLog });
  const store = createStore(parsed.config, { stateDir: env.STATE_DIR, clock: systemClock, log: quietLog });
  const server = await createServer({ config: parsed.config, engine, store, login: credentials.from, log: quietLog });
  return {
    ...serviceAt(server.url, { engineName, upstream, apiKey: parsed.config.PROXY_API_KEY[0] ?? 'any' }),
    engine,
    server,
    stop: async () => {
      await server.close();
      await upstream.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
};

/** After a refusal with a time the server holds all requests back; resolves when it asks the upstream again. */
export const opensAgain = async ({ post }: Pick<Service, 'post'>): Promise<void> => {
  const body = { model: 'claude-sonnet-4-5-20250929', max_tokens: 5, messages: [{ role: 'user', content: 'Open?' }] };
  for (;;) {
    const response = await post('/v1/messages', body);
    await response.text();
    if (response.status !== 429) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

export const serviceAt = (
  url: string,
  { engineName, upstream, apiKey }: Pick<Service, 'engineName' | 'upstream'> & { apiKey: string },
): Service => ({
  engineName,
  upstream,
  // A test wants to see the first answer, not the third.
  openai: new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }),
  anthropic: new Anthropic({ baseURL: url, apiKey, maxRetries: 0 }),
  post: (path, body, init = {}) =>
    fetch(url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}`, ...init.headers },
    }),
  arrived: () => upstream.messageRequests.map(({ body }) => body as Arrived),
});

/** The client's part of the system prompt: with Claude Code two blocks of its own come before it. */
export const systemOf = ({ engineName }: Pick<Service, 'engineName'>, { system }: Arrived): readonly string[] => {
  const texts = typeof system === 'string' ? [system] : (system ?? []).map(({ text }) => text);
  return engineName === 'claude-code' ? texts.slice(2) : texts;
};

/** Roles and contents as they arrived, plain strings as one text block, without the marks of the prompt cache. */
export const dialogueOf = ({ messages }: Arrived): readonly { role: string; content: readonly object[] }[] =>
  messages.map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string' ? [{ type: 'text', text: content }] : content.map((block) => withoutCacheMark(block)),
  }));

const withoutCacheMark = (block: object): object =>
  Object.fromEntries(Object.entries(block).filter(([name]) => name !== 'cache_control'));

export const text = (content: string) => ({ type: 'text', text: content });

/** A system message as Claude Code writes it to models that take none. */
export const reminder = (content: string) => text(`<system-reminder>\n${content}\n</system-reminder>`);

/** Figures that no answer has by itself, so that they can only be the upstream's. */
export const usage = {
  input_tokens: 11,
  cache_read_input_tokens: 500,
  cache_creation_input_tokens: 70,
  output_tokens: 23,
  output_tokens_details: { thinking_tokens: 9 },
};
