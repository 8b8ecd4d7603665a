/** The commands beside `start`, as a user types them: without a terminal, with and without a server. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { SECRET_SETTINGS } from '../../src/cli/secret-settings.ts';
import { serverSettings } from '../../src/settings/server-settings.ts';
import { createProgram } from '../../src/cli/program.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { directTo, endAfterEach, listening, start } from '../node/spawned-server.ts';
import { compileCache } from '../compile-cache.ts';

const home = mkdtempSync(join(tmpdir(), 'cli-home-'));
let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(async () => {
  await upstream.close();
  rmSync(home, { recursive: true });
});
endAfterEach();

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  new Promise((settle) => {
    execFile(
      process.execPath,
      [resolve('src/cli/main.mjs'), ...args],
      { cwd: home, env: { HOME: home, PATH: process.env['PATH'], ...compileCache, ...env } },
      (error, out, err) => settle({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

const server = (): Promise<string> => listening(start(directTo(upstream, { PROXY_API_KEY: 'cli-key' })));

describe('help', () => {
  it('lists every command, and each explains itself', async () => {
    const { out } = await run(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) /gmu)].map(([, name]) => name ?? '');
    expect(names).toEqual(expect.arrayContaining(['start', 'demo', 'login', 'status', 'config', 'service']));
    expect(names).toEqual(expect.arrayContaining(['deploy', 'doctor', 'connect', 'usage', 'keys', 'logs', 'login']));
  });

  it('of each command has its usage, examples, exit codes and --json', () => {
    const program = createProgram();
    const all = program.commands.flatMap((command) => [command, ...command.commands]);
    const path = (command: Command): string =>
      command.parent === program || command.parent === null
        ? command.name()
        : `${path(command.parent)} ${command.name()}`;
    for (const command of all) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help, path(command)).toContain(`Usage: opencode-claude-proxy ${path(command)}`);
      expect(help, path(command)).toMatch(/Examples:\n {2}\$ /u);
      if (command.name() !== 'completion') expect(help, path(command)).toContain('Exit codes: 0 ');
      // A group has none of its own, Claude Code prints what it prints, and a script for a shell is no data.
      const printsData = command.commands.length === 0 && !['claude', 'completion'].includes(command.name());
      if (printsData) expect(help, path(command)).toContain('--json');
    }
  });

  it('is what an unknown command is answered with', async () => {
    expect(await run(['strat'])).toMatchObject({ code: 2, err: expect.stringMatching(/strat[\s\S]*--help/u) });
  });
});

describe('status', () => {
  it('says that nothing answers, with an exit code of its own', async () => {
    const { code, err } = await run(['status', '--url', 'http://127.0.0.1:9']);
    expect([code, err]).toEqual([3, expect.stringContaining('No server answers at http://127.0.0.1:9')]);
  });

  it('prints the report of a server, as text and as JSON', async () => {
    const url = await server();
    const text = await run(['status', '--url', url], { PROXY_API_KEY: 'cli-key' });
    expect([text.code, text.out]).toEqual([0, expect.stringMatching(/status +ok[\s\S]*engine +anthropic-api/u)]);
    const json = await run(['status', '--url', url, '--json'], { PROXY_API_KEY: 'cli-key' });
    expect(JSON.parse(json.out)).toMatchObject({ url, status: 'ok', engine: 'anthropic-api' });
  });

  it('names a key that the server does not take', async () => {
    const url = await server();
    const { code, err } = await run(['models', '--url', url], { PROXY_API_KEY: 'wrong-key' });
    expect([code, err]).toEqual([1, expect.stringContaining('does not take this key')]);
    expect(err).not.toContain('wrong-key');
  });
});

it('models lists names and the models behind them', async () => {
  const url = await server();
  const { out } = await run(['models', '--url', url], { PROXY_API_KEY: 'cli-key' });
  expect(out).toMatch(/^sonnet +claude-/mu);
});

describe('config', () => {
  it('shows each value with its source, and no secret', async () => {
    mkdirSync(join(home, '.config/opencode-claude-proxy'), { recursive: true });
    writeFileSync(join(home, '.config/opencode-claude-proxy/.env'), 'PORT=1111\nQUEUE_LIMIT=7\nPROXY_API_KEY=hush\n');
    const { code, out } = await run(['config', '--json'], { PORT: '2222' });
    const { settings } = JSON.parse(out) as { settings: { name: string; value: string; from: string }[] };
    const of = (name: string) => settings.find((each) => each.name === name);
    expect(code).toBe(0);
    expect(of('PORT')).toMatchObject({ value: '2222', from: 'environment' });
    expect(of('QUEUE_LIMIT')).toMatchObject({ value: '7', from: expect.stringContaining('.config') });
    expect(of('HOST')).toMatchObject({ value: '127.0.0.1', from: 'default' });
    expect(out).not.toContain('hush');
  });

  it('names what is wrong and what is misspelt', async () => {
    const { code, out } = await run(['config'], { PORT: 'eighty', MAX_CONCURENCY: '3' });
    expect(code).toBe(1);
    expect(out).toContain('PORT must be a whole number.');
    expect(out).toContain('MAX_CONCURENCY is not a setting; MAX_CONCURRENCY is.');
  });

  it('names what nothing reads in a .env file, and shows no secret of it', async () => {
    writeFileSync(join(home, '.env'), 'FAVOURITE=blue\nAWS_REGION=eu\nQUEUE_LIMIT=3\nPROXY_ENCRYPTION_KEY=hush-hush\n');
    const { out } = await run(['config']);
    const json = await run(['config', '--json']);
    rmSync(join(home, '.env'));
    expect(out).toContain('FAVOURITE in .env is no setting: nothing reads it.');
    expect(JSON.parse(json.out)).toMatchObject({ unknown: [{ name: 'FAVOURITE', from: '.env' }] });
    expect(out + json.out).not.toContain('hush');
  });

  it('knows every secret among the settings by its name', () => {
    const secret = Object.keys(serverSettings).filter((name) =>
      /_(KEY|TOKEN|SECRET|WEBHOOK)$|^DATABASE_URL$/u.test(name),
    );
    expect([...SECRET_SETTINGS].toSorted()).toEqual(secret.toSorted());
  });

  it('prints a file in which every setting is explained, and which the server reads', async () => {
    const { out } = await run(['config', '--example']);
    expect(out.match(/^#[A-Z_]+=/gmu)?.length).toBeGreaterThan(20);
    const filled = out.replace(/^#QUEUE_LIMIT=.*$/mu, 'QUEUE_LIMIT=5');
    writeFileSync(join(home, '.env'), filled);
    const shown = await run(['config', '--json']);
    rmSync(join(home, '.env'));
    expect(shown.out).toMatch(/"QUEUE_LIMIT",\s+"value": "5",\s+"from": ".env"/u);
  });
});

describe('service install --print', () => {
  it('prints a unit with absolute paths and without a secret', async () => {
    const { out } = await run(['service', 'install', '--print'], { PROXY_API_KEY: 'hush' });
    expect(out).toContain(`ExecStart=${process.execPath} ${resolve('src/cli/main.mjs')} start`);
    expect(out).not.toContain('hush');
  });

  const noSystemd = process.platform !== 'linux' || spawnSync('systemd-analyze', ['--version']).status !== 0;
  it.skipIf(noSystemd)(
    'prints a unit that systemd takes, also for paths with blanks (skips without systemd-analyze)',
    async () => {
      const state = join(home, 'a state with 100%');
      const { out } = await run(['service', 'install', '--print'], { STATE_DIR: state });
      const file = join(home, 'opencode-claude-proxy.service');
      writeFileSync(file, out);
      const verified = spawnSync('systemd-analyze', ['verify', '--user', file], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: home },
      });
      // It verifies the units that this one needs as well; their remarks name other files.
      const remarks = verified.stderr.split('\n').filter((line) => line.includes('opencode-claude-proxy'));
      expect([verified.error, remarks, verified.status]).toEqual([undefined, [], 0]);
      expect(out).toContain(`STATE_DIR=`);
    },
  );
});

describe('service, with a systemctl that writes down what it is asked', () => {
  const bin = join(home, 'bin');
  const asked = join(home, 'systemctl.txt');
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const unit = join(home, '.config/systemd/user/opencode-claude-proxy.service');
  const systemctl = (code: number): void => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, 'systemctl'),
      `#!/bin/sh\necho "$@" >> ${asked}\n[ "$2" = is-active ] && exit ${code}\nexit 0\n`,
      {
        mode: 0o755,
      },
    );
  };

  it.skipIf(process.platform !== 'linux')('is installed, asked for, and taken away', async () => {
    systemctl(0);
    expect(await run(['service', 'status'], env)).toMatchObject({ code: 1, out: 'It is not installed.\n' });
    const installed = await run(['service', 'install'], env);
    expect([installed.code, installed.out]).toEqual([0, expect.stringContaining(`Installed as ${unit}, and started.`)]);
    expect(statSync(unit).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await run(['service', 'status', '--json'], env)).out)).toMatchObject({ running: true });
    systemctl(3);
    expect(await run(['service', 'status'], env)).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not run'),
    });
    const gone = await run(['service', 'uninstall', '--json'], env);
    expect([gone.code, JSON.parse(gone.out), existsSync(unit)]).toEqual([0, { installed: false, file: unit }, false]);
    expect(await run(['service', 'uninstall'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('not installed'),
    });
    expect(readFileSync(asked, 'utf8').split('\n')).toEqual([
      '--user daemon-reload',
      '--user enable --now opencode-claude-proxy.service',
      '--user is-active opencode-claude-proxy.service',
      '--user is-active opencode-claude-proxy.service',
      '--user disable --now opencode-claude-proxy.service',
      '',
    ]);
  });

  it.skipIf(process.platform !== 'linux')('says why where systemd refuses', async () => {
    writeFileSync(join(bin, 'systemctl'), '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n', { mode: 0o755 });
    const { code, err } = await run(['service', 'install'], env);
    expect([code, err]).toEqual([1, expect.stringContaining('Failed to connect to bus')]);
  });
});

describe('completion', () => {
  it('of bash completes commands and flags', async () => {
    const { out } = await run(['completion', 'bash']);
    const file = join(home, 'completion.bash');
    writeFileSync(file, out);
    const complete = (words: string): string =>
      execFileSync(
        'bash',
        [
          '-c',
          `source ${file}; COMP_WORDS=(opencode-claude-proxy ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); ` +
            '_opencode_claude_proxy; echo "${COMPREPLY[@]}"',
        ],
        { encoding: 'utf8' },
      ).trim();
    expect(complete('stat')).toBe('status');
    expect(complete('start --max-con')).toContain('--max-concurrency');
    expect(complete('service un')).toBe('uninstall');
    expect(complete('keys add team --usd-per-d')).toBe('--usd-per-day');
    expect(complete('connect open')).toBe('opencode openhands open-webui openai-sdk');
    expect(complete('doctor --client cod')).toBe('codex');
  });

  it.each(['zsh', 'fish'])('of %s knows nested commands and clients', async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const word of ['usd-per-day', 'opencode', 'uninstall']) expect(out).toContain(word);
    if (spawnSync(shell, ['--version']).status !== 0) return;
    const file = join(home, `completion.${shell}`);
    writeFileSync(file, out);
    expect(spawnSync(shell, ['-n', file]).status).toBe(0);
  });
});

it.each([['login'], ['login', '--token']])('%s %s asks nothing without a terminal', async (...words) => {
  const { code, err } = await run(words.filter(Boolean));
  expect([code, err]).toEqual([1, expect.stringContaining('CLAUDE_CODE_OAUTH_TOKEN')]);
});

it('the first start without a login and without a terminal asks nothing and lists the ways', async () => {
  const { code, err } = await run(['start', '--port', '0']);
  expect([code, err]).toEqual([1, expect.stringContaining('No login was found')]);
});
