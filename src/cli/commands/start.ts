/** `start`: the server with the user's own login. */
import type { Command } from 'commander';
import { runBootstrapped } from '../../node/bootstrap.ts';
import { endOnSignals, run, type Running } from '../../node/run.ts';
import { chooseLogin, hasLogin } from '../choose-login.ts';
import { currentEnvironment, warnOfOpenFiles } from '../environment.ts';
import { endWithNpx } from '../end-with-npx.ts';
import { isInteractive, print, styled } from '../output.ts';
import { addSettingFlags, settingsFromFlags } from '../setting-flags.ts';

export const addStart = (program: Command): void => {
  const command = program
    .command('start', { isDefault: true })
    .description('start the server with your own login')
    .action(async (options: Record<string, unknown>) => start(settingsFromFlags(options)));
  addSettingFlags(command);
};

const start = async (flags: Readonly<Record<string, string>>): Promise<void> => {
  let env = currentEnvironment(flags);
  if (env['BOOTSTRAP_KEY'] !== undefined) {
    const running = await runBootstrapped(env);
    endOnSignals(running);
    return print([...running.about, `Listening on ${running.server.url}`].join('\n'));
  }
  if (isInteractive() && !(await hasLogin(env))) {
    await chooseLogin(env);
    env = currentEnvironment(flags);
  }
  const running = await run(env);
  endOnSignals(running);
  warnOfOpenFiles(running.log);
  endWithNpx();
  print(greeting(running, env));
};

const greeting = ({ about, server }: Running, env: Readonly<Record<string, string>>): string =>
  [
    ...about,
    ...(env['PROXY_API_KEY'] === undefined ? ['Any key is accepted, from this machine only.'] : []),
    `Listening on ${styled('bold', server.url)}`,
    `  OpenAI clients: ${server.url}/v1 · Anthropic clients: ${server.url}`,
    `  Models: sonnet, opus, haiku, and ${server.url}/v1/models`,
  ].join('\n');
