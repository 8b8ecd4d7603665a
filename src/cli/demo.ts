/** `npm run demo`: the real server and the real Claude Code, with the demo upstream instead of an account. */
import { startDemoUpstream } from '../demo/upstream.ts';
import { passedOn } from '../node/credentials.ts';
import { settings } from '../node/settings.ts';
import { endOnSignals, run, StartError } from '../node/run.ts';

const upstream = await startDemoUpstream();

// Only settings are taken from the environment: a real login must not reach the demo.
const ownSettings = Object.fromEntries(Object.keys(settings).map((name) => [name, process.env[name]]));

try {
  const running = await run({
    ...passedOn(process.env),
    ...ownSettings,
    HOME: process.env['HOME'],
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'demo-key',
  });
  endOnSignals(running, () => upstream.close());
  console.log(greeting(running.server.url));
} catch (error) {
  await upstream.close();
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

  With "stream": true it streams. For a real account: npx claude login (or set
  CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY), then npm start.
`;
}
