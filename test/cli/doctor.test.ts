/** `doctor`, against real things that are wrong, and its pure checks as tables. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkMemory, checkNode } from '../../src/cli/doctor/machine-checks.ts';
import { checkModels } from '../../src/cli/doctor/model-checks.ts';
import { checkClock } from '../../src/cli/doctor/network-checks.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { directTo, endAfterEach, listening, start } from '../node/spawned-server.ts';
import { compileCache } from '../compile-cache.ts';

let upstream: DemoUpstream;
let home: string;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'doctor-'));
  return () => rmSync(home, { recursive: true });
});
endAfterEach();

const doctor = (
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ code: number; findings: readonly Finding[]; out: string }> =>
  new Promise((settle) => {
    execFile(
      process.execPath,
      [resolve('src/cli/main.mjs'), 'doctor', '--json', ...args],
      { cwd: home, env: { HOME: home, PATH: process.env['PATH'], PORT: '0', ...compileCache, ...env } },
      (error, out) =>
        settle({ code: error === null ? 0 : Number(error.code), findings: JSON.parse(out) as Finding[], out }),
    );
  });

const withClaudeCode = () => ({ ANTHROPIC_API_KEY: 'key-secret', ANTHROPIC_BASE_URL: upstream.url });

it('finds nothing wrong with a machine on which a login works, and repeats no secret', async () => {
  const { code, findings, out } = await doctor(withClaudeCode());
  expect(findings.filter(({ level }) => level === 'problem' || level === 'warning')).toEqual([]);
  expect(code).toBe(0);
  expect(findings.find(({ check }) => check === 'login')?.text).toContain('ANTHROPIC_API_KEY works');
  expect(out).not.toContain('key-secret');
});

it('asks with a turn where it is told to', async () => {
  const { findings } = await doctor(withClaudeCode(), ['--turn']);
  expect(findings.find(({ check }) => check === 'login')).toMatchObject({ level: 'ok' });
  expect(upstream.requests.some(({ path }) => path.includes('count_tokens'))).toBe(true);
  expect(upstream.requests.some(({ path }) => /\/messages(\?|$)/u.test(path))).toBe(true);
});

it('names a login that the API refuses, and what to do', async () => {
  const refusing = createServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}');
  }).listen(0, '127.0.0.1');
  await new Promise((listens) => refusing.once('listening', listens));
  const { port } = refusing.address() as AddressInfo;
  const { code, findings } = await doctor({
    ENGINE: 'anthropic-api',
    ANTHROPIC_API_KEY: 'key-secret',
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
  });
  refusing.close();
  expect(code).toBe(1);
  expect(findings.find(({ check }) => check === 'login')).toMatchObject({
    level: 'problem',
    text: expect.stringContaining('ANTHROPIC_API_KEY does not work'),
    remedy: expect.stringMatching(/./u),
  });
});

it.each<[string, Record<string, string>, Partial<Finding>]>([
  ['no login', {}, { check: 'login', level: 'problem', text: 'No login was found.' }],
  ['a setting that cannot be read', { QUEUE_LIMIT: 'x' }, { check: 'settings', level: 'problem' }],
  ['spares that leave nothing', { SPARES: '4', MAX_PROCESSES: '4' }, { check: 'settings', level: 'warning' }],
  ['a server open to web pages', { CORS_ORIGINS: '*' }, { check: 'settings', level: 'warning' }],
  ['a misspelt setting', { MAX_CONCURENCY: '2' }, { check: 'settings', level: 'warning' }],
  ['a state directory that cannot be written', { STATE_DIR: '/proc/x' }, { check: 'state', level: 'problem' }],
  ['another Claude Code', { CLAUDE_PATH: '/bin/true' }, { check: 'claude-code', level: 'problem' }],
  ['no Claude Code', { CLAUDE_PATH: '/nowhere' }, { check: 'claude-code', level: 'problem' }],
  ['a certificate that is not there', { SSL_CERT_FILE: '/nowhere' }, { check: 'certificates', level: 'problem' }],
  [
    'an address that does not answer',
    { ANTHROPIC_API_KEY: 'k', ENGINE: 'anthropic-api', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
    { check: 'reach', level: 'problem' },
  ],
])('finds %s', async (_, env, expected) => {
  const offline = expected.check === 'login' || expected.check === 'reach' ? [] : ['--offline'];
  const { findings } = await doctor({ ANTHROPIC_BASE_URL: upstream.url, ...env }, offline);
  const found = findings.find(({ check, level }) => check === expected.check && level === expected.level);
  expect(found).toMatchObject(expected);
  expect(found?.remedy).toMatch(/./u);
});

it('tells a port of its own from one of another program', async () => {
  const own = new URL(await listening(start(directTo(upstream)))).port;
  const other = new URL(upstream.url).port;
  const port = async (PORT: string) =>
    (await doctor({ PORT }, ['--offline'])).findings.find(({ check }) => check === 'port');
  expect(await port(own)).toMatchObject({ level: 'note', text: expect.stringContaining('runs already') });
  expect(await port(other)).toMatchObject({ level: 'problem', text: expect.stringContaining('another program') });
});

it('warns of a .env file that others can read', async () => {
  const file = join(home, '.env');
  writeFileSync(file, 'PROXY_API_KEY=hush\n');
  chmodSync(file, 0o644);
  const { findings } = await doctor({}, ['--offline']);
  expect(findings.find(({ check }) => check === 'env-file')).toMatchObject({ level: 'warning' });
});

describe('pure checks', () => {
  const before = Date.parse('2026-11-24T00:00:00Z');
  it.each([
    [{}, 'auto', 'note', 'answers mapped names until 2026-11-30'],
    [{}, 'pinned', 'warning', 'ends on 2026-11-30'],
    [{}, 'latest', 'ok', 'No model'],
    [{ fast: 'claude-sonnet-4-5-20250929' }, 'latest', 'warning', 'MODEL_MAP leads to'],
  ] as const)('models of %j with MODEL_TRACK=%s: %s', (MODEL_MAP, MODEL_TRACK, level, text) => {
    const findings = checkModels({ MODEL_MAP, MODEL_TRACK }, before);
    expect(findings).toContainEqual(expect.objectContaining({ level, text: expect.stringContaining(text) }));
    expect(checkModels({ MODEL_MAP, MODEL_TRACK }, before - 70 * 86_400_000)).toMatchObject([{ level: 'ok' }]);
  });

  it.each([
    ['20.1.0', 'problem'],
    ['24.0.0', 'ok'],
    ['26.1.0', 'ok'],
  ])('Node %s: %s', (version, level) => expect(checkNode(version).level).toBe(level));

  const MB = 1024 * 1024;
  it.each([
    ['auto', 4096, 'ok'],
    [4, 4096, 'ok'],
    [64, 4096, 'warning'],
    ['auto', 256, 'problem'],
  ] as const)('MAX_PROCESSES=%s on %i MB: %s', (MAX_PROCESSES, megabytes, level) => {
    const limits = { constrained: 0, total: megabytes * MB };
    expect(checkMemory({ MAX_PROCESSES, ENGINE: 'claude-code' }, limits).level).toBe(level);
  });

  const now = Date.parse('2026-11-24T12:00:00Z');
  it.each([
    ['Tue, 24 Nov 2026 12:00:20 GMT', 'ok'],
    ['Tue, 24 Nov 2026 12:05:00 GMT', 'warning'],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 'warning'],
  ])('the clock against %s: %s', (date, level) => expect(checkClock(date, now)[0]?.level).toBe(level));
});
