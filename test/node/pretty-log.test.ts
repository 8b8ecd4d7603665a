/** The log as people read it: in a terminal a short line a request, JSON for everything else. */
import { rmSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { prettyLine } from '../../src/node/pretty-log.ts';
import { hasTerminal, onTerminal } from '../cli/on-terminal.ts';
import { until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { directTo, endAfterEach, listening, logOf, newHome, post, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const line = (fields: object): string =>
  `${JSON.stringify({ level: 'info', time: '2026-11-24T12:00:00.000Z', ...fields })}\n`;
const request = {
  status: 200,
  method: 'POST',
  path: '/v1/messages',
  key: 'team',
  client: 'opencode',
  asked: 'gpt-4o',
  model: 'claude-a',
  inputTokens: 3,
  cacheReadTokens: 4,
  outputTokens: 5,
  costUsd: 0.01,
  ms: 90,
  msg: 'request',
};
const plain = prettyLine({ colours: false });

describe('a line for people', () => {
  it('is one short line for a request', () => {
    expect(plain(line(request))).toMatch(
      /^\[\d\d:\d\d:\d\d\] INFO: 200 {2}POST \/v1\/messages {2}team {2}opencode {2}gpt-4o → claude-a {2}7 → 5 tokens {2}\$0\.0100 {2}90 ms\n$/u,
    );
    const refused = { ...request, status: 429, error: 'key_limit', message: 'Too much.', outputTokens: undefined };
    expect(plain(line(refused))).toMatch(/429 .* 90 ms {2}key_limit: Too much\.\n$/u);
    expect(plain(line({ ...request, costUsd: 'unknown' }))).toContain('price unknown');
  });

  it('has colours, and the same words', () => {
    const coloured = prettyLine({ colours: true })(line(request));
    expect(coloured).toContain('\u001B[32m200\u001B[39m');
    expect(stripVTControlCharacters(coloured)).toBe(plain(line(request)));
  });

  it('shows the fields of any other, and stacks of errors', () => {
    expect(plain(line({ level: 'warn', msg: 'hello', a: 1 }))).toMatch(/WARN: hello \{"a":1\}\n$/u);
    const err = { type: 'Error', message: 'bad', stack: 'Error: bad\n    at here' };
    expect(plain(line({ level: 'error', msg: 'internal error', err }))).toContain('at here');
    expect(plain('no JSON\n')).toBe('no JSON\n');
  });

  it('does not let the words of a client steer the terminal', () => {
    const evil = '\u001B[2J\u009B31m\u202Egpt\u0007\n[12:00:00] INFO: forged';
    for (const fields of [
      { ...request, client: evil, asked: evil, path: evil },
      { msg: evil, [evil]: { deep: [evil] } },
    ]) {
      const shown = plain(line(fields));
      expect(shown.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(shown).toContain('?[2J');
    }
  });
});

describe.skipIf(!hasTerminal)('on a terminal', () => {
  const shown = async (more: Record<string, string>): Promise<string> => {
    const cwd = newHome();
    const terminal = onTerminal([], { cwd, env: directTo(upstream, more) });
    try {
      await terminal.until('Listening on ');
      const [, url = ''] = /Listening on (http:\S+)/u.exec(terminal.shown()) ?? [];
      await (await post(url, chat())).text();
      await terminal.until('/v1/chat/completions');
      await (await fetch(`${url}/live`)).text();
      await until(() => /claude-\S+/u.test(terminal.shown()));
    } finally {
      await terminal.end();
      rmSync(cwd, { recursive: true, force: true, maxRetries: 5 });
    }
    return terminal.raw();
  };

  it('the log is for people', async () => {
    const text = await shown({});
    expect(stripVTControlCharacters(text)).toMatch(
      /INFO: 200 {2}POST \/v1\/chat\/completions {2}local .* tokens {2}\$/u,
    );
    expect(text).toContain('\u001B[32m200');
    expect(text).not.toContain('"msg"');
    // Probes are at debug.
    expect(text).not.toContain('/live');
  });

  it('NO_COLOR takes the colours away, LOG_FORMAT=json the form', async () => {
    expect(await shown({ NO_COLOR: '1' })).not.toContain('\u001B[32m200');
    expect(await shown({ LOG_FORMAT: 'json' })).toContain('"msg":"request"');
  });
});

it('elsewhere the log is JSON, with the name of the key, unless LOG_FORMAT says otherwise', async () => {
  const json = start(directTo(upstream, { LOG_LEVEL: 'debug', PROXY_API_KEY: 'client-key' }));
  const url = await listening(json);
  const headers = { authorization: 'Bearer client-key' };
  await (await post(url, chat({ seed: 5 }), headers)).text();
  await (await post(url, chat({ seed: 6 }), headers)).text();
  await (await fetch(`${url}/live`)).text();
  await until(() => logOf(json).some(({ path }) => path === '/live'));
  const lines = logOf(json);
  expect(lines.filter(({ msg }) => msg === 'request')).toMatchObject([
    { level: 'info', status: 200, key: expect.any(String) },
    { level: 'info', status: 200, key: expect.any(String) },
    { level: 'debug', path: '/live' },
  ]);
  expect(lines.filter(({ parameter }) => parameter === 'seed')).toHaveLength(1);
  expect(lines.filter(({ msg, asked }) => msg !== 'request' && asked === 'gpt-4o')).toHaveLength(1);

  const pretty = start(directTo(upstream, { LOG_FORMAT: 'pretty' }));
  await (await post(await listening(pretty), chat())).text();
  await until(() => pretty.output.out.includes('200  POST /v1/chat/completions'));
});
