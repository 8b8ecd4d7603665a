/** What `npm run deploy` asks, on a real terminal, and what it reads from the macOS Keychain. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deploy, type World } from '../../src/deploy/deploy.ts';
import { runProgram } from '../../src/deploy/programs.ts';
import { lines, secretsOf, startDeployLab, TOKEN, type DeployLab, type Script } from './lab.ts';

let lab: DeployLab;
beforeEach(async () => {
  lab = await startDeployLab();
});
afterEach(() => lab.close());

const QUESTION = { token: 'not shown while you type', key: 'Generate one?', use: '.credentials.json?' };
const OAUTH = 'sk-ant-oat01-typed-secret';
/** Made by the first deployment. */
const ENCRYPTION = { PROXY_ENCRYPTION_KEY: expect.any(String) as string };
const KEY = { PROXY_API_KEY: 'a-long-enough-key' };

const hasTerminal = existsSync('/usr/bin/script') && process.platform === 'linux';
if (!hasTerminal)
  console.log(
    'SKIPPED: the questions of npm run deploy: there is no /usr/bin/script of util-linux to give them a terminal',
  );

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('takes a typed token without showing it, and generates a key when the answer is yes', async () => {
    const { code, output, calls } = await lab.run([], {
      typed: [
        { at: QUESTION.token, text: OAUTH },
        { at: QUESTION.key, text: 'y' },
      ],
    });
    expect([code, output]).toEqual([0, expect.stringContaining('the token you entered')]);
    expect(secretsOf(calls)).toEqual({
      CLAUDE_CODE_OAUTH_TOKEN: OAUTH,
      PROXY_API_KEY: expect.stringMatching(/^pk-.{32}$/) as string,
      ...ENCRYPTION,
    });
    expect(output).not.toContain('typed-secret');
  });

  it('takes an API key too', async () => {
    const { code, calls } = await lab.run([], {
      env: KEY,
      typed: [{ at: QUESTION.token, text: 'sk-ant-api03-typed' }],
    });
    expect([code, secretsOf(calls)]).toEqual([0, { ANTHROPIC_API_KEY: 'sk-ant-api03-typed', ...KEY, ...ENCRYPTION }]);
  });

  it.each([
    {
      title: 'something else than a token',
      env: {},
      typed: [{ at: QUESTION.token, text: 'hunter2' }],
      says: 'That is no token of Claude',
    },
    {
      title: 'no to a key',
      env: TOKEN,
      typed: [{ at: QUESTION.key, text: 'n' }],
      says: 'A public address needs a key',
    },
    { title: 'Ctrl-C', env: {}, typed: [{ at: QUESTION.token, text: '\u0003' }], says: 'Nothing was answered' },
    { title: 'Ctrl-D', env: TOKEN, typed: [{ at: QUESTION.key, text: '\u0004' }], says: 'Nothing was answered' },
  ])('ends before anything is deployed at $title', async ({ env, typed, says }) => {
    const { code, output, calls } = await lab.run([], { env, typed });
    expect([code, output]).toEqual([1, expect.stringContaining(says)]);
    expect(output).not.toMatch(/hunter2|\n\s+at /);
    expect(lines(calls)).not.toContain('wrangler deploy');
  });

  it('asks for a token when the login of this machine is not to be used', async () => {
    await mkdir(join(lab.dir, '.claude'));
    await writeFile(join(lab.dir, '.claude/.credentials.json'), '{"claudeAiOauth":{"accessToken":"at"}}');
    const used = await lab.run([], { env: KEY, typed: [{ at: QUESTION.use, text: '' }] });
    expect(Object.keys(secretsOf(used.calls)).toSorted()).toEqual([
      'CLAUDE_OAUTH_CREDS',
      'PROXY_API_KEY',
      'PROXY_ENCRYPTION_KEY',
      'STATE_KEY',
    ]);
    const { calls } = await lab.run([], {
      env: KEY,
      typed: [
        { at: QUESTION.use, text: 'no' },
        { at: QUESTION.token, text: OAUTH },
      ],
    });
    expect(secretsOf(calls)).toEqual({ CLAUDE_CODE_OAUTH_TOKEN: OAUTH, ...KEY, ...ENCRYPTION });
  });
});

describe('the macOS Keychain', () => {
  const onMac = async (script: Script): Promise<string> => {
    const env = await lab.prepare({ script });
    const printed: string[] = [];
    const world: World = {
      env: { ...env, ...KEY },
      home: lab.dir,
      platform: 'darwin',
      ask: undefined,
      fetch,
      print: (line) => void printed.push(line),
      show: () => undefined,
      run: (program, args, options) => runProgram(join(lab.dir, 'bin', program), args, { ...options, env }),
    };
    await deploy({ dryRun: false, yes: true, renew: false, allowNoKey: false, waitSeconds: 5 }, world);
    return printed.join('\n');
  };

  it('gives the login of Claude Code', async () => {
    const file = { claudeAiOauth: { accessToken: 'at-secret', refreshToken: 'rt-secret' } };
    const printed = await onMac({
      'security find-generic-password -s Claude Code-credentials -w': { stdout: `${JSON.stringify(file)}\n` },
    });
    expect(printed).toContain('the Claude Code login in the macOS Keychain, as CLAUDE_OAUTH_CREDS');
    expect(printed).not.toMatch(/at-secret|rt-secret/);
    expect(JSON.parse(secretsOf(await lab.calls())['CLAUDE_OAUTH_CREDS'] ?? '')).toEqual(file);
  });

  it.each([
    { title: 'nothing', answer: { code: 44 }, says: /^No login of Claude was found/ },
    {
      title: 'what is left after a logout',
      answer: { stdout: '{"claudeAiOauth":{}}' },
      says: /^No login of Claude was found/,
    },
    {
      title: 'something that is not JSON, and is not repeated',
      answer: { stdout: '7b22-secret' },
      says: /^the Claude Code login in the macOS Keychain is not JSON(?!.*secret)/s,
    },
  ])('has $title', async ({ answer, says }) => {
    await expect(onMac({ security: answer })).rejects.toThrow(says);
    expect(lines(await lab.calls())).not.toContain('wrangler deploy');
  });
});
