/** Secrets do not leave the server: not in its log at any level, not in errors, not in health, not in what it says at start. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/util/redact.ts';
import { secretsOf } from '../../src/node/login/secrets.ts';
import { chat } from '../http/set-up.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, post, start } from './spawned-server.ts';

/** An upstream that answers each request with an error that repeats the key, as some gateways do. */
let status = 400;
let gossip: Server;
let upstream: { url: string };
beforeAll(async () => {
  gossip = createServer((request, response) => {
    request.resume().on('end', () => {
      const message = `The key ${String(request.headers['x-api-key'])} may not do that, nor may sk-ant-api03-SOMEBODY`;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          type: 'error',
          error: {
            type: status === 401 ? 'authentication_error' : 'invalid_request_error',
            message,
            details: { key: message },
          },
        }),
      );
    });
  });
  gossip.listen(0, '127.0.0.1');
  await once(gossip, 'listening');
  upstream = { url: `http://127.0.0.1:${(gossip.address() as AddressInfo).port}` };
});
afterAll(() => {
  gossip.closeAllConnections();
  gossip.close();
});
endAfterEach();

const SECRET = /key-secret|SOMEBODY/;

describe.each([
  ['claude-code', () => claudeCodeTo(upstream, { LOG_LEVEL: 'trace' })],
  ['anthropic-api', () => directTo(upstream, { LOG_LEVEL: 'trace' })],
])('with the engine %s', (_name, settings) => {
  it.each([400, 401])('an upstream error %i that repeats the key is passed on and logged without it', async (given) => {
    status = given;
    const server = start(settings());
    const url = await listening(server);
    for (const stream of [false, true]) {
      const answer = await post(url, chat({ stream }));
      // The retries may take longer than a stream's status waits.
      expect(stream ? [given, 200] : [given]).toContain(answer.status);
      const text = await answer.text();
      expect(text).toContain('[redacted] may not do that');
      expect(text).not.toMatch(SECRET);
    }
    expect(await (await fetch(`${url}/health`)).text()).not.toMatch(SECRET);
    server.child.kill('SIGTERM');
    await server.exit;
    expect(server.output.out).toContain('may not do that');
    expect(server.output.out + server.output.err).not.toMatch(SECRET);
  });
});

it.each([
  'hello my-private-words',
  '{"model": "gpt-4o" my-private-words}',
  '{"a": "my-private-words',
  '"my-private-words" x',
])('a body that is not JSON leaves nothing of itself in the log: %s', async (body) => {
  const server = start(directTo(upstream, { LOG_LEVEL: 'trace' }));
  const url = await listening(server);
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/The body is not valid JSON: \w[^"]*\./);
  server.child.kill('SIGTERM');
  await server.exit;
  expect(server.output.out).toContain('invalid_json');
  expect(server.output.out).not.toContain('private');
});

it.each(['anthropic-api', 'claude-code'])(
  'a password in ANTHROPIC_BASE_URL is refused, not repeated (%s)',
  async (ENGINE) => {
    const { exit, output } = start(directTo({ url: 'https://me:hush-hush@gateway.example' }, { ENGINE }));
    expect((await exit)[0]).toBe(1);
    expect(output.err).toContain('ANTHROPIC_BASE_URL must not hold a user name or a password');
    expect(output.err + output.out).not.toContain('hush');
  },
);

it.each([{ HOST: 'hush-hush.invalid' }, { HOST: 'hush hush' }, { PORT: 'hush' }])(
  'a wrong address is not repeated: %j',
  async (wrong) => {
    const { exit, output } = start(directTo(upstream, { PROXY_API_KEY: 'client-key', ...wrong }));
    expect((await exit)[0]).toBe(1);
    expect(output.err).toMatch(/HOST|PORT/);
    expect(output.err + output.out).not.toContain('hush');
  },
);

describe('the redactor', () => {
  const redact = createRedactor(
    secretsOf({
      PROXY_API_KEY: 'first-key, with "quotes"',
      CLAUDE_OAUTH_CREDS: '{"claudeAiOauth":{"accessToken":"access-1","refreshToken":"refresh-1"}}',
      HTTPS_PROXY: 'http://user:pass%2Fword@proxy.example:3128',
      AWS_SECRET_ACCESS_KEY: 'aws.secret+1',
      MODEL_MAP: 'gpt-4o=opus',
      PROXY_STRICT: '1',
    }),
  );

  it.each([
    ['first-key and more', '[redacted] and more'],
    ['{"k":"with \\"quotes\\""}', '{"k":"[redacted]"}'],
    ['access-1 refresh-1', '[redacted] [redacted]'],
    ['pass/word pass%2Fword', '[redacted] [redacted]'],
    ['aws.secret+1 awsXsecret+1', '[redacted] awsXsecret+1'],
    ['sk-ant-oat01-Abc_def-9', '[redacted]'],
    ['gpt-4o=opus 1', 'gpt-4o=opus 1'],
  ])('makes %j %j', (text, expected) => expect(redact(text)).toBe(expected));
});
