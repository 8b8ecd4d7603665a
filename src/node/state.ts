/** Private files: where they lie, and the credentials file that Claude Code keeps up to date by itself. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './config.ts';

export interface StateDirs {
  /** `CLAUDE_CONFIG_DIR` of the child, unless the owner's own login is used. */
  readonly configDir: string;
  /** The child's `HOME`: nothing of the owner's home is in it. */
  readonly homeDir: string;
  /** The child's working directory: empty, and not below the home, since Claude Code may tell the model its path. */
  readonly workDir: string;
}

/** `STATE_DIR`, or the user's state directory, or where there is no home the temporary one. */
export const stateRoot = (configured: string, env: Environment): string => {
  if (configured !== '') return configured;
  const home = env['HOME'] || homedir();
  const base = env['XDG_STATE_HOME'] || (home ? join(home, '.local', 'state') : tmpdir());
  return join(base, 'opencode-claude-proxy');
};

export const stateDirs = (root: string): StateDirs => ({
  configDir: join(root, 'claude'),
  homeDir: join(root, 'home'),
  workDir: join(tmpdir(), `work-${process.getuid?.() ?? 0}`),
});

/** Where Claude Code keeps its login below its configuration directory. */
export const credentialsFile = (configDir: string): string => join(configDir, '.credentials.json');

/** Creates the directories, readable for this user only. Throws where one belongs to somebody else. */
export const prepareState = async (root: string): Promise<StateDirs> => {
  const dirs = stateDirs(root);
  for (const dir of [root, ...Object.values(dirs)]) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
  }
  return dirs;
};

/**
 * Writes CLAUDE_OAUTH_CREDS as Claude Code's credentials file, mode 0600. Claude Code refreshes the file, and a refresh
 * uses the old token up: so the same value is not written twice. Throws where the value is not such a file.
 * The directory may be missing: an engine without Claude Code makes none.
 */
export const placeCredentials = async (configDir: string, json: string): Promise<'written' | 'kept'> => {
  refuseOtherJson(json);
  await mkdir(configDir, { recursive: true, mode: 0o700 });
  const file = credentialsFile(configDir);
  const marker = join(configDir, '.credentials.source');
  const digest = createHash('sha256').update(json).digest('hex');
  if (existsSync(file) && existsSync(marker) && (await readFile(marker, 'utf8')) === digest) return 'kept';
  await writePrivate(file, json);
  await writePrivate(marker, digest);
  return 'written';
};

// Its parser's message would repeat a piece of the secret, so it is not passed on.
const refuseOtherJson = (json: string): void => {
  let login: unknown;
  try {
    login = (JSON.parse(json) as { claudeAiOauth?: { accessToken?: unknown } } | null)?.claudeAiOauth?.accessToken;
  } catch {
    throw new Error("CLAUDE_OAUTH_CREDS is not JSON. It must be the content of Claude Code's .credentials.json.");
  }
  if (typeof login !== 'string')
    throw new Error(
      "CLAUDE_OAUTH_CREDS has no claudeAiOauth.accessToken. It must be the content of Claude Code's .credentials.json.",
    );
};

const writePrivate = async (file: string, content: string): Promise<void> => {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
};
