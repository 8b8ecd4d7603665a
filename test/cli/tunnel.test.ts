/** `start --tunnel`, with programs that print what cloudflared, tailscale and ngrok print. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { directTo, endAfterEach, listening, newHome, start } from '../node/spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

const program = 'src/cli/main.mjs';

/** A home in which `bin` holds a program of this name. It notes its arguments, variables and id. */
const homeWith = (name: string, prints: string): string => {
  const home = newHome();
  mkdirSync(join(home, 'bin'));
  const script = `#!/bin/sh
echo "$@" > "${home}/args"
env > "${home}/env"
echo $$ > "${home}/pid"
${prints}
`;
  writeFileSync(join(home, 'bin', name), script);
  chmodSync(join(home, 'bin', name), 0o755);
  return home;
};
const startIn = (home: string, args: readonly string[], env: Record<string, string> = { PROXY_API_KEY: 'hush-hush' }) =>
  start({ ...directTo(upstream, env), PATH: `${home}/bin:/usr/bin:/bin` }, { program, home, args: ['start', ...args] });
const isRunning = (home: string): boolean => {
  try {
    return process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), 0);
  } catch {
    return false;
  }
};

it.each([
  ['cloudflared', `echo "INF |  https://odd-words.trycloudflare.com  |" >&2`, 'https://odd-words.trycloudflare.com'],
  [
    'tailscale',
    'printf "Available on the internet:\\n\\nhttps://box.tail1.ts.net/\\n|-- proxy"',
    'https://box.tail1.ts.net',
  ],
  ['ngrok', 'echo "lvl=info msg=\\"started tunnel\\" url=https://ab12.ngrok-free.app"', 'https://ab12.ngrok-free.app'],
])('%s gives the address, gets no secret, and ends with the server', async (name, prints, url) => {
  const home = homeWith(name, `${prints}\nexec sleep 300`);
  const server = startIn(home, ['--tunnel']);
  const { port } = new URL(await listening(server));
  await until(() => server.output.out.includes('Public address'));
  expect(server.output.out).toContain(`Public address by ${name}: ${url}\n`);
  expect(readFileSync(join(home, 'args'), 'utf8')).toContain(port);
  expect(readFileSync(join(home, 'env'), 'utf8')).not.toMatch(/hush-hush|key-secret/u);
  expect(isRunning(home)).toBe(true);
  server.child.kill('SIGTERM');
  expect((await server.exit)[0]).toBe(0);
  expect(isRunning(home)).toBe(false);
  expect(server.output.out).not.toContain('the tunnel has ended');
});

it('is refused without a key, before anything listens', async () => {
  const server = startIn(homeWith('cloudflared', 'exec sleep 300'), ['--tunnel'], {});
  expect((await server.exit)[0]).toBe(1);
  expect(server.output.err).toContain('A public address needs a key');
  expect(server.output.out).not.toContain('Listening');
});

it.each([
  [['--tunnel'], 'other', /None of cloudflared, tailscale, ngrok is installed/u, 1],
  [['--tunnel', 'ngrok'], 'cloudflared', /ngrok is not installed/u, 1],
  [['--tunnel', 'frp'], 'cloudflared', /one of cloudflared, tailscale, ngrok/u, 2],
])('%j with %s installed says what is missing', async (args, name, message, code) => {
  const server = startIn(homeWith(name, 'exec sleep 300'), args);
  expect((await server.exit)[0]).toBe(code);
  expect(server.output.err).toMatch(message);
});

it('a program that fails ends the server, with what it said', async () => {
  const server = startIn(homeWith('ngrok', 'echo "ERR_NGROK_4018 authentication failed" >&2; exit 1'), ['--tunnel']);
  expect((await server.exit)[0]).toBe(1);
  expect(server.output.err).toMatch(/ngrok gave no address: .*ERR_NGROK_4018/u);
});

it('a tunnel that ends later is warned of, and the server goes on', async () => {
  const home = homeWith(
    'cloudflared',
    'echo "https://a-b.trycloudflare.com" >&2; while [ ! -e "$0.end" ]; do sleep 0.1; done',
  );
  const server = startIn(home, ['--tunnel', 'cloudflared']);
  const url = await listening(server);
  await until(() => server.output.out.includes('Public address'));
  writeFileSync(join(home, 'bin/cloudflared.end'), '');
  await until(() => server.output.out.includes('the tunnel has ended'));
  expect((await fetch(`${url}/live`)).status).toBe(200);
});
