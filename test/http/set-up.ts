/** The whole app over a scripted engine, asked in memory; the real clock unless a test brings its own. */
import { systemClock, type Clock } from '../../src/util/clock.ts';
import { createKeyRing } from '../../src/access/keys.ts';
import { createBodyBudget } from '../../src/access/body-budget.ts';
import { createLeases, type LeaseOptions } from '../../src/access/leases.ts';
import { createApp } from '../../src/http/app.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { dialects } from '../../src/dialects/index.ts';
import { logRequests } from '../../src/http/request/request-log.ts';
import { announceTo } from '../../src/turn/request-summary.ts';
import type { HttpSettings } from '../../src/http/services.ts';
import type { ResponseStore } from '../../src/store/responses.ts';
import type { Log } from '../../src/util/log.ts';
import { createModels } from '../../src/node/models.ts';
import { ScriptedEngine, type Script } from './scripted-engine.ts';

interface Given {
  readonly script?: Script;
  readonly keys?: readonly string[];
  readonly settings?: Partial<HttpSettings>;
  readonly leases?: Partial<LeaseOptions>;
  readonly clock?: Clock;
  readonly dialects?: readonly Dialect[];
  readonly responses?: ResponseStore;
  readonly models?: { MODEL_UNKNOWN?: 'default' | 'reject'; MODEL_TRACK?: 'auto' | 'pinned' | 'latest' };
  /** What day it is for models that end; before any end unless a test says otherwise. */
  readonly today?: string;
}

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export const setUpApp = async (given: Given = {}) => {
  const { clock = systemClock } = given;
  const engine = new ScriptedEngine(given.script);
  const leases = createLeases({ maxConcurrency: 4, queueLimit: 4, queueTimeoutMs: 30_000, clock, ...given.leases });
  const bodies = createBodyBudget({ maxBytes: 1_000_000, waitMs: 1_000, clock });
  const lines: LogLine[] = [];
  const log = logInto(lines);
  const models = createModels(
    { MODEL_MAP: {}, MODEL_UNKNOWN: 'default', MODEL_TRACK: 'auto', ...given.models },
    engine,
    { log, clock: { ...asMembers(clock), now: () => Date.parse(given.today ?? '2026-01-01') } },
  );
  const keys = await createKeyRing(given.keys ?? []);
  const app = createApp({
    announce: announceTo([logRequests(log)], log),
    dialects: given.dialects ?? dialects,
    engine,
    leases,
    bodies,
    keys,
    log,
    clock,
    version: '1.2.3',
    login: 'a login',
    ...(given.responses && { responses: given.responses }),
    ...models,
    settings: { ...defaults, ...given.settings },
  });
  /** A body that is not a string is sent as JSON. */
  const ask = (
    path: string,
    body?: unknown,
    { headers = {}, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  ): Promise<Response> => {
    const post = { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
    return Promise.resolve(
      app.request(path, {
        ...(body !== undefined && post),
        ...init,
        headers: { 'content-type': 'application/json', ...headers },
      }),
    );
  };
  return { app, engine, leases, lines, ask };
};

const asMembers = (clock: Clock): Clock => ({
  now: () => clock.now(),
  elapsed: () => clock.elapsed(),
  after: (ms, then) => clock.after(ms, then),
});

export const defaults: HttpSettings = {
  maxBodyBytes: 100_000,
  headerWaitMs: 1_000,
  keepaliveMs: 10_000,
  turnTimeoutMs: 60_000,
  stallAlarmMs: 60_000,
  strict: false,
  corsOrigins: [],
  checkHost: false,
  allowedHosts: [],
};

export const chat = (more: object = {}) => ({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], ...more });
export const messages = (more: object = {}) => ({
  model: 'sonnet',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Hi' }],
  ...more,
});

const logInto = (lines: LogLine[]): Log => {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
