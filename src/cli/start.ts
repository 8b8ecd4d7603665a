/** `npm start`: the server with the user's own login. */
import { withEnvFile } from '../node/config.ts';
import { runBootstrapped } from '../node/bootstrap.ts';
import { flagsOrExit } from './flags-or-exit.ts';
import { endOnSignals, run, StartError } from '../node/run.ts';

const flags = flagsOrExit('npm start');

try {
  const env = { ...withEnvFile(process.env, '.env'), ...flags };
  const running = env['BOOTSTRAP_KEY'] ? await runBootstrapped(env) : await run(env);
  endOnSignals(running);
  console.log([...running.about, `Listening on ${running.server.url}`].join('\n'));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exit(1);
}
