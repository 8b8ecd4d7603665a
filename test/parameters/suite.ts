/** The parameter tables, row by row, on one engine: each test file takes one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { messagesParameters } from '../../src/dialects/anthropic-messages/parameters.ts';
import { chatParameters } from '../../src/dialects/openai-chat/parameters.ts';
import { completionParameters } from '../../src/dialects/openai-completions/parameters.ts';
import { startWorld, type EngineName, type World } from '../conformance/set-up.ts';
import { fateShown, gaps, MODEL_MAP, type Case } from './cases.ts';
import { chatBase, chatCases } from './chat-cases.ts';
import { completionBase, completionCases } from './completion-cases.ts';
import * as ollama from '../../src/dialects/ollama/parameters.ts';
import { ollamaChatBase, ollamaChatCases, ollamaGenerateBase, ollamaGenerateCases } from './ollama-cases.ts';
import { messagesBase, messagesCases } from './messages-cases.ts';
import { expectStrict, runCase, type Endpoint } from './run-case.ts';

const endpoints: readonly (Endpoint & { table: typeof chatParameters })[] = [
  { path: '/v1/chat/completions', base: chatBase, cases: chatCases, table: chatParameters },
  { path: '/v1/completions', base: completionBase, cases: completionCases, table: completionParameters },
  { path: '/v1/messages', base: messagesBase, cases: messagesCases, table: messagesParameters },
  { path: '/api/chat', base: ollamaChatBase, cases: ollamaChatCases, table: ollama.chatParameters },
  {
    path: '/api/generate',
    base: ollamaGenerateBase,
    cases: ollamaGenerateCases,
    table: ollama.generateParameters,
  },
];

type Server = 'plain' | 'strict' | 'login';
const settings: Record<Server, Record<string, string>> = {
  // Room for the conversations that cases go on with, and for processes that wait for new ones.
  // What an engine tells must come before the headers go out, on a busy machine too.
  plain: { MODEL_MAP, HEADER_WAIT_MS: '15000', MAX_PROCESSES: '16', SPARES: '2', IDLE_TTL: '10' },
  strict: { MODEL_MAP, PROXY_STRICT: '1' },
  login: { MODEL_MAP, CLAUDE_CODE_OAUTH_TOKEN: 'a-token' },
};

export const parameterSuite = (engine: EngineName): void => {
  const world = servers(engine);
  describe.each(endpoints)(`$path on ${engine}`, (endpoint) => {
    const mine = endpoint.cases.filter((one) => one.engine === undefined || one.engine === engine);
    const name = (one: Case) => `${one.row} ${fateShown(one)}: ${JSON.stringify(one.body).slice(0, 160)}`;
    const serverOf = (one: Case): World => world(one.login === 'subscription' ? 'login' : 'plain');

    test('every fate of every row has a case', () => {
      expect(gaps(endpoint.table, endpoint.cases)).toEqual([]);
    });

    test.each(mine.map((one) => [name(one), one] as const))('%s', async (_, one) => {
      await runCase(one, endpoint, serverOf(one));
    });

    const strict = mine.filter((one) => (one.ignored ?? []).length > 0 && one.login === undefined);
    test.each(strict.map((one) => [name(one), one] as const))('PROXY_STRICT refuses %s', async (_, one) => {
      await expectStrict(one, endpoint, world('strict'));
    });
  });
};

/** The servers of a file; the one with a login only where logins exist. */
const servers = (engine: EngineName): ((name: Server) => World) => {
  const names: readonly Server[] = engine === 'claude-code' ? ['plain', 'strict', 'login'] : ['plain', 'strict'];
  const started = new Map<Server, Awaited<ReturnType<typeof startWorld>>>();
  beforeAll(async () => {
    for (const name of names) started.set(name, await startWorld(engine, settings[name]));
  });
  beforeEach(() => {
    for (const { upstream } of started.values()) upstream.clear();
  });
  afterAll(async () => {
    for (const world of started.values()) await world.stop();
  });
  return (name) => {
    const world = started.get(name);
    if (world === undefined) throw new Error(`the server "${name}" has not started`);
    return world;
  };
};
