/** `npm run demo`: the real server and the real Claude Code, with the demo upstream instead of an account. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flagsOrExit } from './flags-or-exit.ts';
import { startDemoUpstream } from '../demo/upstream.ts';
import { serverSettings } from '../settings/server-settings.ts';
import { endOnSignals, run, StartError } from '../node/run.ts';

const flags = flagsOrExit('npm run demo');
const upstream = await startDemoUpstream();
const stateDir = await mkdtemp(join(tmpdir(), 'claude-proxy-demo-'));
const cleanUp = async (): Promise<void> => {
  await upstream.close();
  await rm(stateDir, { recursive: true, force: true });
};

// Only settings are taken from the environment: a real login must not reach the demo.
const ownSettings = Object.fromEntries(
  Object.keys(serverSettings).flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
);

try {
  const running = await run({
    STATE_DIR: stateDir,
    ...ownSettings,
    ...flags,
    PATH: process.env['PATH'],
    HOME: stateDir,
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'demo-key',
  });
  endOnSignals(running, cleanUp);
  console.log(greeting(running.server.url));
} catch (error) {
  await cleanUp();
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exit(1);
}

function greeting(url: string): string {
  return `This is the demo: Claude Code runs, but a script answers instead of Claude.
Listening on ${url}

Try:
  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'

  With "stream": true it streams. For a real account: npm run claude -- auth login
  (or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY), then npm start.
`;
}
