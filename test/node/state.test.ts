import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findExistingLogin } from '../../src/node/login/existing-login.ts';
import { placeCredentials, prepareState, stateRoot } from '../../src/node/state.ts';

const newDir = () => mkdtempSync(join(tmpdir(), 'state-'));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const creds = (token: string) => JSON.stringify({ claudeAiOauth: { accessToken: token } });

describe('the state directory', () => {
  it.each([
    ['/set', {}, '/set'],
    ['', { XDG_STATE_HOME: '/xdg', HOME: '/home/me' }, '/xdg/opencode-claude-proxy'],
    ['', { HOME: '/home/me' }, '/home/me/.local/state/opencode-claude-proxy'],
  ])('%j with %j is %s', (configured, env, expected) => expect(stateRoot(configured, env)).toBe(expected));

  it('is readable for its user only', async () => {
    const root = join(newDir(), 'deep', 'state');
    const { configDir, homeDir, workDir } = await prepareState(root, {});
    for (const dir of [root, configDir, homeDir, workDir]) expect(modeOf(dir)).toBe('700');
  });
});

describe('credentials from the environment', () => {
  it('become the credentials file, for its user only', async () => {
    const dir = newDir();
    expect(await placeCredentials(dir, creds('one'))).toBe('written');
    expect(readFileSync(join(dir, '.credentials.json'), 'utf8')).toBe(creds('one'));
    expect(modeOf(join(dir, '.credentials.json'))).toBe('600');
  });

  it('do not undo a refresh by Claude Code, but a new value replaces it', async () => {
    const dir = newDir();
    await placeCredentials(dir, creds('one'));
    writeFileSync(join(dir, '.credentials.json'), creds('refreshed'));
    expect(await placeCredentials(dir, creds('one'))).toBe('kept');
    expect(readFileSync(join(dir, '.credentials.json'), 'utf8')).toBe(creds('refreshed'));
    expect(await placeCredentials(dir, creds('two'))).toBe('written');
    expect(readFileSync(join(dir, '.credentials.json'), 'utf8')).toBe(creds('two'));
  });

  it.each(['secret-not-json', '{"secret":1}', 'null', '[]'])(
    'that are something else are refused without being repeated: %s',
    async (text) => {
      const refusal = placeCredentials(newDir(), text);
      await expect(refusal).rejects.toThrow(/^CLAUDE_OAUTH_CREDS/);
      await expect(refusal).rejects.not.toThrow(/secret/);
    },
  );
});

describe('an existing login', () => {
  it('is found in the home, or where CLAUDE_CONFIG_DIR says', async () => {
    const home = newDir();
    expect(await findExistingLogin({ HOME: home }, 'linux')).toBeUndefined();
    writeFileSync(join(home, '.credentials.json'), creds('x'));
    expect(await findExistingLogin({ HOME: '/nowhere', CLAUDE_CONFIG_DIR: home }, 'linux')).toEqual({
      from: `the Claude Code login in ${join(home, '.credentials.json')}`,
      configDir: home,
    });
  });
});
