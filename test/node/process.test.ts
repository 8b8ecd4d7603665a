import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { directTo, endAfterEach, listening, post, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());

endAfterEach();

const direct = (more: Record<string, string> = {}) => directTo(upstream, more);

describe('npm start', () => {
  it('names the login in use and what else is set, prints the address, serves, and shows no secret', async () => {
    const server = start(direct({ ANTHROPIC_AUTH_TOKEN: 'token-secret', CLAUDE_CODE_OAUTH_TOKEN: 'oauth-secret' }));
    const url = await listening(server);
    expect(server.output.out).toContain('Engine: anthropic-api, with ANTHROPIC_API_KEY.');
    expect(server.output.out).toContain('Also set and not used: CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_AUTH_TOKEN.');
    expect((await post(url, chat())).status).toBe(200);
    await until(() => server.output.out.includes('"msg":"request"'));
    server.child.kill('SIGTERM');
    expect((await server.exit)[0]).toBe(0);
    expect(server.output.out + server.output.err).not.toContain('secret');
  });

  it('reports every problem of the settings at once', async () => {
    const { output, exit } = start({ PORT: 'x', LOG_LEVEL: 'loud', HOST: '0.0.0.0' });
    expect((await exit)[0]).toBe(1);
    expect(output.err).toMatch(/PORT must be[\s\S]*LOG_LEVEL must be[\s\S]*HOST is an address/);
    expect(output.out).toBe('');
  });

  it('says what to do without a login', async () => {
    const { output, exit } = start({});
    expect((await exit)[0]).toBe(1);
    expect(output.err).toMatch(/^No login was found\.[\s\S]*npm run claude -- auth login[\s\S]*npm run demo/);
  });

  it('does not start without a Claude Code to run, and says what to do', async () => {
    const { output, exit } = start({ ANTHROPIC_API_KEY: 'key', PORT: '0', CLAUDE_PATH: '/nowhere/claude' });
    expect((await exit)[0]).toBe(1);
    expect(output.err).toBe(
      'CLAUDE_PATH is /nowhere/claude, and there is nothing.\nWhat to do: correct or unset CLAUDE_PATH.\n',
    );
  });

  it('says in one line that the port is taken', async () => {
    const first = start(direct());
    const { port } = new URL(await listening(first));
    const { output, exit } = start(direct({ PORT: port }));
    expect((await exit)[0]).toBe(1);
    expect(output.err.trim().split('\n')).toEqual([expect.stringContaining(`Port ${port} on 127.0.0.1 is in use.`)]);
  });

  it('says that credentials are not what they should be, without showing them', async () => {
    const { output, exit } = start({ CLAUDE_OAUTH_CREDS: 'oops-secret', PORT: '0' });
    expect((await exit)[0]).toBe(1);
    expect(output.err).toContain('CLAUDE_OAUTH_CREDS is not JSON');
    expect(output.err).not.toContain('secret');
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('at %s', (signal) => {
  it('a running answer finishes, then the process ends with 0', async () => {
    const server = start(direct());
    const url = await listening(server);
    const response = await post(
      url,
      chat({ stream: true, messages: [{ role: 'user', content: '[[slow:100]] [[text:one two three four five]]' }] }),
    );
    server.child.kill(signal);
    expect(await response.text()).toMatch(/five[\s\S]*\[DONE\]/);
    expect((await server.exit)[0]).toBe(0);
  });

  it('and again, it ends at once with 1', async () => {
    const server = start(direct());
    const url = await listening(server);
    await post(url, chat({ stream: true, messages: [{ role: 'user', content: '[[hang:1]]' }] }));
    server.child.kill(signal);
    await until(() => server.output.out.includes('a signal now ends at once'));
    server.child.kill(signal);
    expect((await server.exit)[0]).toBe(1);
  });
});
