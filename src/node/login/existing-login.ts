/** Whether this user has logged in to Claude Code before. Looks for the login, never into it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../config.ts';
import type { ExistingLogin } from './credentials.ts';

export const findExistingLogin = async (
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): Promise<ExistingLogin | undefined> => {
  const ownDir = env['CLAUDE_CONFIG_DIR'];
  const configDir = ownDir ? { configDir: ownDir } : {};
  const file = join(ownDir || join(env['HOME'] || homedir(), '.claude'), '.credentials.json');
  if (existsSync(file)) return { from: `the Claude Code login in ${file}`, ...configDir };
  if (platform === 'darwin' && (await keychainHasLogin()))
    return { from: 'the Claude Code login in the macOS Keychain', ...configDir };
  return undefined;
};

// Without -w or -g the command shows only that the entry is there.
const keychainHasLogin = async (): Promise<boolean> => {
  try {
    await promisify(execFile)('security', ['find-generic-password', '-s', 'Claude Code-credentials']);
    return true;
  } catch {
    return false;
  }
};
