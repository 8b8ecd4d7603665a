/** `start`: the server with the user's own login. */
import type { Command } from 'commander';
import type { Running } from '../../node/run.ts';
import { currentEnvironment, warnOfOpenFiles } from '../environment.ts';
import { endWithNpx } from '../end-with-npx.ts';
import { isInteractive, print, styled } from '../output.ts';
import { addSettingFlags, settingsFromFlags } from '../setting-flags.ts';
import type { TunnelProgram } from '../tunnel/programs.ts';
import { chooseTunnel, openTunnel, type Tunnel } from '../tunnel/tunnel.ts';

export const addStart = (program: Command): void => {
  const command = program
    .command('start', { isDefault: true })
    .description('start the server with your own login')
    .option('--tunnel [program]', 'also give it a public address, by cloudflared, tailscale or ngrok')
    .option('--json', 'print address, login and dashboard as one line of JSON', false)
    .action(async (options: Record<string, unknown>) =>
      start(settingsFromFlags(options), {
        tunnel: options['tunnel'] as string | true | undefined,
        json: options['json'] === true,
      }),
    );
  addSettingFlags(command);
};

interface Options {
  readonly tunnel: string | true | undefined;
  readonly json: boolean;
}

const start = async (flags: Readonly<Record<string, string>>, { tunnel, json }: Options): Promise<void> => {
  let env = currentEnvironment(flags);
  // The server is loaded here, so that other commands do not wait for it.
  const { endOnSignals, run } = await import('../../node/run.ts');
  if (env['BOOTSTRAP_KEY'] !== undefined) {
    const { runBootstrapped } = await import('../../node/bootstrap.ts');
    const running = await runBootstrapped(env);
    endOnSignals(running);
    return print([...running.about, `Listening on ${running.server.url}`].join('\n'));
  }
  if (!json && isInteractive() && (await askForLogin(env))) {
    env = currentEnvironment(flags);
  }
  const program = tunnel === undefined ? undefined : chooseTunnel(tunnel, env);
  const running = await run(env);
  const opened = { tunnel: undefined as Tunnel | undefined };
  endOnSignals(running, async () => opened.tunnel?.close());
  warnOfOpenFiles(running.log);
  endWithNpx();
  if (json) print(JSON.stringify(aboutServer(running)));
  else print(greeting(running, env));
  if (program !== undefined) opened.tunnel = await openFor(running, { program, env, json });
};

/** Whether there was none, and one was chosen. */
const askForLogin = async (env: Readonly<Record<string, string>>): Promise<boolean> => {
  const { chooseLogin, hasLogin } = await import('../choose-login.ts');
  if (await hasLogin(env)) return false;
  await chooseLogin(env);
  return true;
};

/** Without its address the server has no use: it ends with the reason. */
const openFor = async (
  { server, log }: Running,
  { program, env, json }: { program: TunnelProgram; env: Readonly<Record<string, string>>; json: boolean },
): Promise<Tunnel> => {
  try {
    const onLost = (): void => log.warn({ program: program.name }, 'the tunnel has ended: the public address is gone');
    const tunnel = await openTunnel(program, { port: server.port, env, onLost });
    print(json ? JSON.stringify({ publicUrl: tunnel.url, program: tunnel.program }) : publicGreeting(tunnel));
    return tunnel;
  } catch (error) {
    await server.close();
    throw error;
  }
};

const publicGreeting = ({ url, program }: Tunnel): string =>
  [
    `Public address by ${program}: ${styled('bold', url)}`,
    `  It answers with one of your keys only. OpenAI clients: ${url}/v1`,
    `  Connect Cursor: opencode-claude-proxy connect cursor --url ${url}`,
  ].join('\n');

const greeting = ({ about, server }: Running, env: Readonly<Record<string, string>>): string =>
  [
    ...about,
    ...(env['PROXY_API_KEY'] === undefined ? ['Any key is accepted, from this machine only.'] : []),
    `Listening on ${styled('bold', server.url)}`,
    `  OpenAI clients: ${server.url}/v1 · Anthropic clients: ${server.url}`,
    `  Models: sonnet, opus, haiku, and ${server.url}/v1/models`,
    `  Dashboard: ${server.url}/dashboard`,
    '  Connect your tool: opencode-claude-proxy connect opencode --write (or another: connect --list)',
  ].join('\n');

/** What `greeting` says, for programs. */
export const aboutServer = ({ about, server: { url } }: Running): object => ({
  url,
  openai: `${url}/v1`,
  anthropic: url,
  models: `${url}/v1/models`,
  dashboard: `${url}/dashboard`,
  about,
});
