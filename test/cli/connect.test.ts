/** `connect` and `doctor --client`, as a user types them, with files in a home of their own, with and without a terminal. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { directTo, endAfterEach, listening, start } from '../node/spawned-server.ts';
import { compileCache } from '../compile-cache.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'connect-'));
  return () => rmSync(home, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const program = resolve('src/cli/main.mjs');
const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  new Promise((settle) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: home, env: { HOME: home, PATH: '/usr/bin:/bin', ...compileCache, ...env } },
      (error, out, err) => settle({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

/** On a terminal: answers the first question with `keys`. */
const runOnTerminal = async (args: readonly string[], keys: string): Promise<{ code: number; out: string }> => {
  // A new terminal has no width, and a prompt would be wrapped at every letter.
  const command = `stty cols 150 rows 50; exec ${[process.execPath, program, ...args].join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: home,
    env: { HOME: home, PATH: '/usr/bin:/bin', TERM: 'xterm', UPGRADE_NOTICE: '0', ...compileCache },
  });
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  await until(() => out.includes('?') || child.exitCode !== null);
  child.stdin.write(keys);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
};

const write = (name: string, text: string, mode = 0o644): string => {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const text = (path: string): string => readFileSync(path, 'utf8');
const opencodeFile = '.config/opencode/opencode.json';
const mine = '{\n  "theme": "gruvbox" // mine\n}\n';

describe('connect', () => {
  it.each(['opencode', 'cursor', 'openai-sdk'])('%s prints what to do, as text and as JSON', async (id) => {
    const printed = await run(['connect', id]);
    expect([printed.code, printed.err]).toEqual([0, '']);
    const json = await run(['connect', id, '--json']);
    const data = JSON.parse(json.out) as { snippets: { text: string }[]; steps: string[] };
    expect(data.snippets.length + data.steps.length).toBeGreaterThan(0);
    for (const snippet of data.snippets) expect(printed.out).toContain(snippet.text.trimEnd());
  });

  it('names a server, and the variable of its key, never the key', async () => {
    const closed = await run(['connect', 'opencode'], { PROXY_API_KEY: 'hush-hush', PORT: '9123' });
    expect(closed.out).toContain('"baseURL": "http://127.0.0.1:9123/v1"');
    expect(closed.out).toContain('{env:PROXY_API_KEY}');
    expect(closed.out).not.toContain('hush-hush');
    const remote = await run(['connect', 'codex', '--url', 'https://claude.example.com/v1/', '--key-env', 'MY_KEY']);
    expect(remote.out).toContain('base_url = "https://claude.example.com/v1"');
    expect(remote.out).toContain('env_key = "MY_KEY"');
  });

  it.each([
    [['connect', 'emacs'], /no client emacs.*opencode/u],
    [['connect', 'opencode', '--variant', 'x'], /anthropic, openai/u],
    [['connect', 'cursor', '--write'], /no file/u],
    [['connect', 'opencode', '--write', '--undo'], /not both/u],
    [['connect', 'opencode', '--url', 'localhost:8080'], /--url/u],
    [['connect', 'opencode', '--key-env', 'sk-secret-key'], /never the key/u],
  ])('%j cannot be read', async (args, message) => {
    const { code, err } = await run(args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err).not.toContain('sk-secret');
  });

  it('--list shows what is installed here and what is connected', async () => {
    write('bin/opencode', '#!/bin/sh\n', 0o755);
    write('.continue/config.yaml', 'models: [{apiBase: http://127.0.0.1:8080/v1}]\n');
    const { out } = await run(['connect', '--list', '--json'], { PATH: join(home, 'bin') });
    const rows = JSON.parse(out) as { id: string; installed: string | null; connected: string | null }[];
    const of = (id: string) => rows.find((row) => row.id === id);
    expect(of('opencode')).toMatchObject({ installed: join(home, 'bin/opencode'), connected: null });
    expect(of('continue')).toMatchObject({ connected: join(home, '.continue/config.yaml') });
    expect(of('codex')).toMatchObject({ installed: null, connected: null });
    expect((await run(['connect', '--list'])).out).toMatch(/^opencode +opencode/mu);
  });

  it('cursor explains why and how: a public address', async () => {
    const { out } = await run(['connect', 'cursor']);
    expect(out).toMatch(/own servers call the base URL/u);
    expect(out).toMatch(/start --tunnel/u);
    expect(out).toMatch(/opencode-claude-proxy deploy/u);
    const open = await run(['connect', 'cursor', '--url', 'https://claude.example.com']);
    expect(open.out).toContain('https://claude.example.com/v1');
    expect(open.out).not.toMatch(/--tunnel/u);
  });
});

describe('connect --write', () => {
  it('without a terminal and without --yes shows the difference and changes nothing', async () => {
    const path = write(opencodeFile, mine);
    const { code, out, err } = await run(['connect', 'opencode', '--write']);
    expect([code, err]).toEqual([2, expect.stringContaining('--yes')]);
    expect(out).toMatch(/^\+ +"claude-proxy": \{$/mu);
    expect(text(path)).toBe(mine);
    expect(readdirSync(dirname(path))).toEqual(['opencode.json']);
  });

  it('keeps mode and comments, makes a backup, does nothing a second time, and --undo restores every byte', async () => {
    const path = write(opencodeFile, mine, 0o600);
    expect(await run(['connect', 'opencode', '--write', '--yes'])).toMatchObject({ code: 0, err: '' });
    const written = text(path);
    expect(written).toContain('"theme": "gruvbox", // mine');
    expect(written).toContain('claude-proxy');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [backup] = readdirSync(dirname(path)).filter((name) => name.endsWith('.bak'));
    expect(text(join(dirname(path), backup ?? ''))).toBe(mine);
    const again = await run(['connect', 'opencode', '--write', '--json']);
    expect([again.code, JSON.parse(again.out)]).toEqual([0, expect.objectContaining({ changed: false })]);
    expect(await run(['connect', 'opencode', '--undo', '--yes'])).toMatchObject({ code: 0 });
    expect(text(path)).toBe(mine);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['opencode.json']);
    expect(await run(['connect', 'opencode', '--undo', '--yes'])).toMatchObject({ code: 1 });
  });

  it('makes a file that was not there, and --undo removes it', async () => {
    const path = join(home, '.codex/config.toml');
    expect((await run(['connect', 'codex', '--write', '--yes'])).code).toBe(0);
    expect(text(path)).toContain('[model_providers.claude]');
    expect((await run(['connect', 'codex', '--undo', '--yes'])).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('undoes step by step', async () => {
    const path = write(opencodeFile, mine);
    await run(['connect', 'opencode', '--write', '--yes']);
    const first = text(path);
    await run(['connect', 'opencode', '--write', '--yes', '--url', 'http://127.0.0.1:9999']);
    expect(text(path)).toContain('127.0.0.1:9999');
    await run(['connect', 'opencode', '--undo', '--yes']);
    expect(text(path)).toBe(first);
    await run(['connect', 'opencode', '--undo', '--yes']);
    expect(text(path)).toBe(mine);
  });

  it('does not undo what was changed since, unless forced', async () => {
    const path = write(opencodeFile, mine);
    await run(['connect', 'opencode', '--write', '--yes']);
    writeFileSync(path, `${text(path)}// later\n`);
    const refused = await run(['connect', 'opencode', '--undo', '--yes']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('changed since')]);
    expect(text(path)).toContain('// later');
    await run(['connect', 'opencode', '--undo', '--yes', '--force']);
    expect(text(path)).toBe(mine);
  });

  it('follows a link to where the file lies, and uses a file of another name that is there', async () => {
    const real = write('dotfiles/opencode.jsonc', mine);
    mkdirSync(join(home, '.config/opencode'), { recursive: true });
    const link = join(home, '.config/opencode/opencode.jsonc');
    symlinkSync(real, link);
    await run(['connect', 'opencode', '--write', '--yes']);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(text(real)).toContain('claude-proxy');
    expect(readdirSync(join(home, '.config/opencode'))).toEqual(['opencode.jsonc']);
  });

  it('leaves a file that cannot be read as it is', async () => {
    const path = write(opencodeFile, '{ "a": ');
    const { code, err } = await run(['connect', 'opencode', '--write', '--yes']);
    expect([code, err]).toEqual([1, expect.stringMatching(/left as it is: it is not JSON/u)]);
    expect(text(path)).toBe('{ "a": ');
  });

  it.each([
    ['y', 0, true],
    ['n', 1, false],
    ['\u0003', 1, false],
  ])('asks on a terminal: %j', async (keys, code, changed) => {
    const path = write(opencodeFile, mine);
    const asked = await runOnTerminal(['connect', 'opencode', '--write'], keys);
    expect(asked.out).toContain('Write ~/.config/opencode/opencode.json?');
    expect(asked.code).toBe(code);
    expect(text(path).includes('claude-proxy')).toBe(changed);
    if (!changed) expect(asked.out).toContain('Nothing was changed.');
  });
});

describe('doctor --client', () => {
  let upstream: DemoUpstream;
  beforeAll(async () => {
    upstream = await startDemoUpstream();
  });
  afterAll(() => upstream.close());
  endAfterEach();

  const doctor = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { code, out } = await run(['doctor', '--json', ...args], env);
    return { code, out, findings: JSON.parse(out) as readonly Finding[] };
  };
  const server = (): Promise<string> => listening(start(directTo(upstream, { PROXY_API_KEY: 'client-key' })));

  it('finds nothing wrong with what --write has written', async () => {
    const url = await server();
    const to = ['--url', url, '--key-env', 'MY_KEY'];
    await run(['connect', 'opencode', '--write', '--yes', ...to]);
    const { code, findings } = await doctor(['--client', 'opencode', ...to], { MY_KEY: 'client-key' });
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(code).toBe(0);
  });

  it('looks at the variant that is there', async () => {
    const url = await server();
    const to = ['--url', url, '--key-env', 'MY_KEY'];
    await run(['connect', 'opencode', '--variant', 'openai', '--write', '--yes', ...to]);
    const { findings } = await doctor(['--client', 'opencode', ...to], { MY_KEY: 'client-key' });
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  });

  it.each<[string, (file: string) => string, RegExp, Finding['level']]>([
    ['no file', () => '', /There is no/u, 'problem'],
    ['a file that cannot be read', () => '{', /not JSON/u, 'problem'],
    ['no entry', () => '{}', /provider.claude-proxy is missing/u, 'problem'],
    [
      'an address without /v1',
      (file) => file.replace('8080/v1"', '8080"'),
      /baseURL is "http:.*8080", not/u,
      'problem',
    ],
    ['a key in place of its variable', (file) => file.replace('"any"', '"sk-mine"'), /apiKey is not as/u, 'problem'],
    ['another limit', (file) => file.replace('1000000', '9000'), /context is 9000, not 1000000/u, 'warning'],
    ['a model that ends', (file) => `${file}// claude-sonnet-4-5-20250929\n`, /names claude-sonnet-4-5/u, 'warning'],
    ['no server', (file) => file, /No server answers/u, 'problem'],
  ])('finds %s', async (_, change, message, level) => {
    await run(['connect', 'opencode', '--write', '--yes', '--url', 'http://127.0.0.1:8080']);
    const path = join(home, opencodeFile);
    const changed = change(text(path));
    if (changed === '') rmSync(path);
    else writeFileSync(path, changed);
    const { findings, out } = await doctor(['--client', 'opencode', '--url', 'http://127.0.0.1:8080']);
    const found = findings.find((each) => message.test(each.text));
    expect(found?.level).toBe(level);
    expect(found?.remedy).toMatch(/./u);
    expect(out).not.toContain('sk-mine');
  });

  it('finds a key that the server does not take, and a variable that is not set', async () => {
    const url = await server();
    const wrong = await doctor(['--client', 'codex', '--url', url, '--key-env', 'MY_KEY'], { MY_KEY: 'hush-wrong' });
    expect(wrong.findings).toContainEqual(
      expect.objectContaining({ level: 'problem', text: expect.stringContaining('does not take this key') }),
    );
    expect([wrong.code, wrong.out.includes('hush-wrong')]).toEqual([1, false]);
    const unset = await doctor(['--client', 'codex', '--url', url, '--key-env', 'MY_KEY']);
    expect(unset.findings).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining('MY_KEY is not set') }),
    );
  });

  it('reads variables where a client is configured by them', async () => {
    const { findings } = await doctor(['--client', 'aider', '--url', 'http://127.0.0.1:8080'], {
      OPENAI_API_BASE: 'http://127.0.0.1:8080',
    });
    expect(findings.map(({ text: found }) => found)).toEqual(
      expect.arrayContaining([
        'OPENAI_API_BASE is http://127.0.0.1:8080, not http://127.0.0.1:8080/v1.',
        'OPENAI_API_KEY is not set.',
      ]),
    );
  });
});
