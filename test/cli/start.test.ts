/** `npm start` at the command line: flags, misspelt settings, an old Node, and a signal to npm itself. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/container-engine/app.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { version } from '../../src/node/version.ts';
import { lookalikes } from '../../src/node/lookalikes.ts';
import {
  directTo,
  endAfterEach,
  listening,
  logOf,
  newHome,
  start,
  type SpawnedServer,
} from '../node/spawned-server.ts';
import { until } from '../http/scripted-engine.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

/** Without that of a mapped model that ends soon, which depends on the day. */
const warningsOf = (server: SpawnedServer) =>
  logOf(server).filter(({ level, msg }) => level === 'warn' && !String(msg).includes('names that are mapped to'));

const program = 'src/cli/main.mjs';

describe('flags', () => {
  it('set the port and the address, before the environment', async () => {
    const port = await freePort();
    const server = start(directTo(upstream, { PORT: '1', HOST: '203.0.113.7', PROXY_API_KEY: 'client-key' }), {
      program,
      args: ['start', '--port', String(port), '--host', '127.0.0.1'],
    });
    expect(await listening(server)).toBe(`http://127.0.0.1:${port}`);
  });

  it.each(['start', 'demo'])('of %s: help and version are printed, and nothing is started', async (command) => {
    const help = start({}, { program, args: [command, '--help'] });
    expect(await help.exit).toEqual([0, null]);
    expect(help.output.out).toMatch(/--host[\s\S]*--port[\s\S]*--version[\s\S]*CONFIGURATION\.md/);
    const asked = start({}, { program, args: ['--version'] });
    expect([await asked.exit, asked.output.out]).toEqual([[0, null], `${version}\n`]);
  });

  it.each([
    [['--prot', '9000'], '--prot'],
    [['9000'], '9000'],
    [['--port'], '--port'],
  ])('that are unknown or incomplete end with an error: %j', async (args, named) => {
    const { exit, output } = start(directTo(upstream), { program, args: ['start', ...args] });
    expect(await exit).toEqual([2, null]);
    expect(output.err).toContain(named);
    expect(output.err).toContain('--help');
    expect(output.out).toBe('');
  });
});

describe('a setting by a wrong name', () => {
  it.each(['PROXY_API_KEYS', 'PROXY_APIKEY', 'PROXY_KEY', 'proxy_api_key'])(
    'that means the key refuses to start an open server: %s',
    async (name) => {
      const { exit, output } = start(directTo(upstream, { [name]: 'hush-hush' }));
      expect(await exit).toEqual([1, null]);
      expect(output.err).toBe(`${name} is not a setting. Did you mean PROXY_API_KEY?\n`);
    },
  );

  it('is warned of, with the nearest name', async () => {
    const server = start(directTo(upstream, { MODEL_MAPS: 'a=opus', MAX_CONCURENCY: '3' }));
    await listening(server);
    expect(warningsOf(server)).toMatchObject([
      { msg: 'MODEL_MAPS is not a setting. Did you mean MODEL_MAP?' },
      { msg: 'MAX_CONCURENCY is not a setting. Did you mean MAX_CONCURRENCY?' },
    ]);
  });

  it('is not seen in what other programs use', () => {
    const others = [
      'HOSTNAME',
      'POSTGRES',
      'HTTP_PROXY',
      'LANG',
      'TMPDIR',
      'NODE_ENV',
      'AWS_PROFILE',
      'PROXY_PORT',
      'DATABASE',
    ];
    expect(lookalikes(Object.fromEntries(others.map((name) => [name, 'x'])))).toEqual([]);
  });
});

describe('a .env file', () => {
  const warnings = async (content: string, mode: number): Promise<readonly unknown[]> => {
    const home = newHome();
    writeFileSync(join(home, '.env'), content);
    chmodSync(join(home, '.env'), mode);
    const server = start(directTo(upstream), { home });
    await listening(server);
    await until(() => server.output.out.includes('Models:'));
    server.child.kill('SIGTERM');
    await server.exit;
    expect(server.output.out).not.toContain('hush');
    return warningsOf(server);
  };

  it('completes the environment, which wins, and may be missing', async () => {
    const home = newHome();
    writeFileSync(join(home, '.env'), '# comment\nPORT=1\nLOG_LEVEL="debug"\nENGINE=anthropic-api\n');
    const { ENGINE: _, ...rest } = directTo(upstream);
    const server = start({ ...rest, LOG_LEVEL: '' }, { home });
    const url = await listening(server);
    expect(new URL(url).port).not.toBe('1');
    expect(server.output.out).toContain('Engine: anthropic-api');
    await fetch(`${url}/live`);
    // Probes are logged at debug only.
    await until(() => logOf(server).some(({ path }) => path === '/live'));
  });

  it('with a key that others can read is warned of', async () => {
    expect(await warnings('PROXY_API_KEY=hush-hush', 0o644)).toMatchObject([
      { msg: '.env holds a key and can be read by other users of this machine: chmod 600 .env' },
    ]);
  });

  it.each([
    ['PROXY_API_KEY=hush-hush', 0o600],
    ['LOG_LEVEL=info', 0o644],
  ])('is not warned of without cause: %s, %i', async (content, mode) => {
    expect(await warnings(content, mode)).toEqual([]);
  });
});

it('an old Node is told which one is needed', async () => {
  const older =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
  const run = promisify(execFile)(process.execPath, ['--import', older, resolve(program), 'start']);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Node 24 is needed, this is 20\.1\.0/),
  });
});

it('the entry has no import that only a new Node reads', () => {
  expect(readFileSync(resolve(program), 'utf8')).not.toMatch(/^import /mu);
});

it('a signal to npm ends the server', async () => {
  const port = await freePort();
  const home = newHome();
  const npm = spawn('npm', ['start', '--silent'], {
    env: { ...directTo(upstream, { PORT: String(port), HOME: home }), PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await until(() => out.includes('Listening on '));
  npm.kill('SIGTERM');
  await once(npm, 'exit');
  await until(() => out.includes('"ended"'));
  const refused = await new Promise((settle) => {
    connect(port, '127.0.0.1').once('error', settle).once('connect', settle);
  });
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  rmSync(home, { recursive: true });
});
