import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/node/config.ts';
import {
  credentialClass,
  findCredentials,
  allowedVariables,
  type Credentials,
} from '../../src/node/login/credentials.ts';
import { childEnvironment } from '../../src/node/engine.ts';

const everything: Environment = {
  CLAUDE_CODE_OAUTH_TOKEN: 'oauth-secret',
  CLAUDE_OAUTH_CREDS: '{"claudeAiOauth":{"accessToken":"creds-secret"}}',
  ANTHROPIC_API_KEY: 'key-secret',
  ANTHROPIC_AUTH_TOKEN: 'token-secret',
  CLAUDE_CODE_USE_BEDROCK: '1',
  AWS_ACCESS_KEY_ID: 'aws-secret',
  CLAUDE_CODE_USE_VERTEX: 'true',
  CLOUD_ML_REGION: 'us-east5',
  CLAUDE_CODE_USE_FOUNDRY: '1',
  ANTHROPIC_FOUNDRY_RESOURCE: 'resource',
};
const existingLogin = { from: 'a login' };
const found = (env: Environment, engine: 'claude-code' | 'anthropic-api' = 'claude-code') =>
  findCredentials(env, { engine, existingLogin });
const dirs = { configDir: '/state/claude', homeDir: '/state/home' };
const usable = (credentials: Credentials) => {
  if (credentials.kind === 'none') throw new Error('no login');
  return credentials;
};

describe('the login that is used', () => {
  it('is the first in the order of the README, whatever else is set', () => {
    const order = [
      'oauth-token',
      'oauth-creds',
      'api-key',
      'auth-token',
      'bedrock',
      'vertex',
      'foundry',
      'existing-login',
    ];
    const names = [
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_OAUTH_CREDS',
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'CLAUDE_CODE_USE_BEDROCK',
      'CLAUDE_CODE_USE_VERTEX',
      'CLAUDE_CODE_USE_FOUNDRY',
    ];
    const env = { ...everything } as Record<string, string>;
    for (const [index, kind] of order.entries()) {
      const credentials = usable(found(env));
      expect(credentials.kind).toBe(kind);
      expect(credentials.ignored).toEqual(names.slice(index + 1));
      delete env[names[index] ?? ''];
    }
  });

  it('is none where nothing is set, with a way out', () => {
    expect(
      findCredentials({ CLAUDE_CODE_USE_BEDROCK: '0', ANTHROPIC_API_KEY: ' ' }, { engine: 'claude-code' }),
    ).toMatchObject({
      kind: 'none',
      help: expect.stringMatching(/npm run claude -- auth login[\s\S]*setup-token[\s\S]*npm run demo/),
    });
  });

  it('is an API key for the direct engine, never a login', () => {
    expect(found(everything, 'anthropic-api')).toMatchObject({
      kind: 'api-key',
      ignored: expect.arrayContaining(['CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_AUTH_TOKEN']),
    });
    expect(found({ CLAUDE_CODE_OAUTH_TOKEN: 't' }, 'anthropic-api')).toMatchObject({
      kind: 'none',
      help: expect.stringContaining('ANTHROPIC_API_KEY'),
    });
  });

  it('decides whether Claude Code may run in its simple mode', () => {
    expect(credentialClass({ kind: 'api-key' })).toBe('api-key');
    for (const kind of ['oauth-token', 'oauth-creds', 'existing-login'] as const)
      expect(credentialClass({ kind })).toBe('subscription');
  });
});

describe('the environment of the child', () => {
  const of = (env: Environment) => childEnvironment(env, usable(found(env)), dirs);

  it('holds the one login and no other', () => {
    const child = of({ ...everything, HOME: '/home/me' });
    expect(child).toEqual({
      CLAUDE_CODE_OAUTH_TOKEN: 'oauth-secret',
      HOME: '/state/home',
      CLAUDE_CONFIG_DIR: '/state/claude',
    });
  });

  it("for an existing login is the owner's home, without a config directory unless the owner set one", () => {
    expect(of({ HOME: '/home/me' })).toEqual({ HOME: '/home/me' });
    const own = findCredentials(
      { HOME: '/home/me' },
      { engine: 'claude-code', existingLogin: { from: 'a login', configDir: '/own' } },
    );
    expect(childEnvironment({ HOME: '/home/me' }, usable(own), dirs)).toEqual({
      HOME: '/home/me',
      CLAUDE_CONFIG_DIR: '/own',
    });
  });

  it('for a cloud provider holds its variables and the home with its profiles', () => {
    const env = {
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_PROFILE: 'work',
      AWS_REGION: 'us-east-1',
      GOOGLE_APPLICATION_CREDENTIALS: '/other',
      HOME: '/home/me',
    };
    expect(of(env)).toEqual({
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_PROFILE: 'work',
      AWS_REGION: 'us-east-1',
      HOME: '/home/me',
      CLAUDE_CONFIG_DIR: '/state/claude',
    });
  });

  it('passes base URL, proxies and certificates on', () => {
    const network = {
      ANTHROPIC_BASE_URL: 'http://gateway',
      HTTPS_PROXY: 'http://p',
      no_proxy: 'localhost',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      PATH: '/bin',
      TZ: 'UTC',
    };
    expect(of({ ...network, ANTHROPIC_API_KEY: 'k' })).toMatchObject(network);
  });

  it('holds nothing that is not on a list', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_]{3,20}$/), fc.constant('leak')), (env) => {
        const known =
          /^(CLAUDE_CODE_OAUTH_TOKEN|ANTHROPIC_(API_KEY|AUTH_TOKEN|BASE_URL)|HTTPS?_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|PATH|LANG|LC_ALL|TZ|TMPDIR|SYSTEMROOT|CLAUDE_CODE_USE_\w+)$/;
        const foreign = Object.keys(env).filter((name) => !known.test(name) && name !== 'HOME');
        const child = childEnvironment(
          { ...env, ANTHROPIC_API_KEY: 'k' },
          usable(findCredentials({ ANTHROPIC_API_KEY: 'k' }, { engine: 'claude-code' })),
          dirs,
        );
        for (const name of foreign) expect(Object.hasOwn(child, name) && child[name] === 'leak').toBe(false);
      }),
    );
    expect(allowedVariables({ ...everything, GITHUB_TOKEN: 'x', NODE_OPTIONS: '--require evil' })).toEqual({});
  });
});
