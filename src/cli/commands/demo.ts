/** `demo`: the real server and the real Claude Code, with the demo upstream instead of an account. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { serverSettings } from '../../settings/server-settings.ts';
import { ownCommand } from '../../util/own-command.ts';
import { aboutServer } from './start.ts';
import { endWithNpx } from '../end-with-npx.ts';
import { print } from '../output.ts';
import { addSettingFlags, settingsFromFlags } from '../setting-flags.ts';

export const addDemo = (program: Command): void => {
  const command = program
    .command('demo')
    .description('try it without an account: Claude Code runs, a script answers')
    .option('--json', 'print address and dashboard as one line of JSON', false)
    .action(async (options: Record<string, unknown>) => demo(settingsFromFlags(options), options['json'] === true));
  addSettingFlags(command);
};

const demo = async (flags: Readonly<Record<string, string>>, json: boolean): Promise<void> => {
  // Loaded here, so that other commands do not wait for the server.
  const { endOnSignals, run } = await import('../../node/run.ts');
  const { startDemoUpstream } = await import('../../demo/upstream.ts');
  const upstream = await startDemoUpstream();
  const stateDir = await mkdtemp(join(tmpdir(), 'claude-proxy-demo-'));
  const cleanUp = async (): Promise<void> => {
    await upstream.close();
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    const running = await run({
      STATE_DIR: stateDir,
      ...ownSettings(),
      ...flags,
      PATH: process.env['PATH'],
      HOME: stateDir,
      ANTHROPIC_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: 'demo-key',
    });
    endOnSignals(running, cleanUp);
    endWithNpx();
    print(json ? JSON.stringify(aboutServer(running)) : greeting(running.server.url));
  } catch (error) {
    await cleanUp();
    throw error;
  }
};

/** Only settings are taken from the environment: a real login must not reach the demo. */
const ownSettings = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.keys(serverSettings).flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );

const greeting = (url: string): string => `This is the demo: Claude Code runs, but a script answers instead of Claude.
Listening on ${url}

Try:
  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'

  With "stream": true it streams. For a real account: ${ownCommand('claude', 'auth login')}
  (or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY), then ${ownCommand('start')}.
`;
