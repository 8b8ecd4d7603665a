/**
 * `npm run dev`: the Worker and its Durable Objects in real workerd (wrangler dev), with the server as
 * a plain process in the container's place. No Docker, no account. With a login in `.dev.vars` (the
 * variables of docs/DEPLOYMENT.md) it works with Claude; without the file, with the demo upstream.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemoUpstream } from '../src/demo/upstream.ts';
import { startEngine } from './container-engine/engine.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const own = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), 'proxy-dev-'));
const upstream = existsSync(join(root, '.dev.vars')) ? undefined : await startDemoUpstream();
const engine = await startEngine({
  socketPath: join(dir, 'engine.sock'),
  image: () => ({
    command: process.execPath,
    args: [join(root, 'src/cli/main.mjs')],
    cwd: dir,
    env: { HOST: '127.0.0.1', STATE_DIR: join(dir, 'state') },
  }),
  onEvent: (event) =>
    console.log(`[container] ${event.kind} ${'pid' in event ? event.pid : 'code' in event ? event.code : event.name}`),
});

const demoVars =
  upstream === undefined
    ? []
    : ['--var', 'PROXY_API_KEY:dev', '--var', 'ANTHROPIC_API_KEY:demo', '--var', `ANTHROPIC_BASE_URL:${upstream.url}`];
if (upstream !== undefined) console.log('No .dev.vars: a script answers instead of Claude. The key is: dev');

const wrangler = spawn(join(root, 'node_modules/.bin/wrangler'), ['dev', ...demoVars, ...own], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    WRANGLER_DOCKER_BIN: join(root, 'scripts/dev/docker.sh'),
    WRANGLER_DOCKER_HOST: `unix://${engine.socketPath}`,
  },
});
// wrangler ends at the terminal's Ctrl-C by itself; what follows then cleans up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => wrangler.kill(signal));
const [code] = (await once(wrangler, 'exit')) as [number | null];
await Promise.all([engine.close(), upstream?.close()]);
await rm(dir, { recursive: true, force: true });
process.exitCode = code ?? 0;
