/** Private files: where they lie, and the credentials file that Claude Code keeps up to date by itself. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from './config.ts';

export interface StateDirs {
  /** `CLAUDE_CONFIG_DIR` of the child, unless the owner's own login is used. */
  readonly configDir: string;
  /** The child's `HOME`: nothing of the owner's home is in it. */
  readonly homeDir: string;
}

export interface PreparedState extends StateDirs {
  /** The child's working directory: empty, and not below the home, since Claude Code may tell the model its path. */
  readonly workDir: string;
  /** The child's `TMPDIR`, where the machine's cannot be used. */
  readonly tmpDir?: string;
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
});

/** Where Claude Code keeps its login below its configuration directory. */
export const credentialsFile = (configDir: string): string => join(configDir, '.credentials.json');

/** Creates the directories, readable for this user only. Throws an error with advice for the owner where that fails. */
export const prepareState = async (configured: string, env: Environment): Promise<PreparedState> => {
  const root = stateRoot(configured, env);
  const dirs = stateDirs(root);
  try {
    await makePath(root);
    for (const dir of [root, ...Object.values(dirs)]) await makePrivate(dir);
    await tryToWrite(root);
  } catch (error) {
    throw new Error(whyNoState(error, { root, configured }), { cause: error });
  }
  const workDir = await sharedWorkDir();
  if (workDir !== undefined) return { ...dirs, workDir };
  const own = { workDir: join(root, 'work'), tmpDir: join(root, 'tmp') };
  for (const dir of Object.values(own)) await makePrivate(dir);
  return { ...dirs, ...own };
};

/**
 * The same for all servers of a user, since the model's prompt cache depends on its name. Anybody may have put
 * something by this name into the temporary directory before: what is not this user's own directory is left alone.
 * Undefined there, and where the temporary directory is missing, full or read-only.
 */
const sharedWorkDir = async (): Promise<string | undefined> => {
  const uid = process.getuid?.() ?? 0;
  const shared = join(tmpdir(), `work-${uid}`);
  try {
    await mkdir(shared, { mode: 0o700 }).catch(unlessItExists);
    const found = await lstat(shared);
    if (!found.isDirectory() || found.uid !== uid) return undefined;
    await chmod(shared, 0o700);
    await tryToWrite(tmpdir());
    return shared;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
};

/** Step by step: `recursive` never ends where a directory seems to be missing and can never be made, as in /proc. */
const makePath = async (dir: string): Promise<void> => {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (isCode(error, 'EEXIST')) return;
    if (!isCode(error, 'ENOENT') || dirname(dir) === dir) throw error;
    await makePath(dirname(dir));
    await mkdir(dir, { mode: 0o700 }).catch(unlessItExists);
  }
};

const makePrivate = async (dir: string): Promise<void> => {
  await mkdir(dir, { mode: 0o700 }).catch(unlessItExists);
  // The mode of a file or a device is left as it is: root could change that of /dev/null for the whole machine.
  if (!(await stat(dir)).isDirectory()) throw Object.assign(new Error('It is no directory.'), { code: 'ENOTDIR' });
  await chmod(dir, 0o700);
};

/** A file system that is full or read-only shows only when something is written. */
const tryToWrite = async (dir: string): Promise<void> => {
  const file = join(dir, `.write-test-${process.pid}`);
  try {
    await writeFile(file, 'x'.repeat(4_096), { mode: 0o600 });
  } finally {
    await rm(file, { force: true });
  }
};

const whyNoState = (error: unknown, { root, configured }: { root: string; configured: string }): string => {
  const place = configured === '' ? `STATE_DIR is not set, and its default ${root}` : `STATE_DIR is ${root}, which`;
  const code = (error as NodeJS.ErrnoException).code ?? 'for an unknown reason';
  return `${place} cannot be written (${code}). Set it to a directory that this user can make and write.`;
};

const unlessItExists = (error: unknown): void => {
  if (!isCode(error, 'EEXIST')) throw error;
};

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Writes CLAUDE_OAUTH_CREDS as Claude Code's credentials file, mode 0600. Claude Code refreshes the file, and a refresh
 * uses the old token up: so the same value is not written twice. Throws where the value is not such a file.
 * The directory may be missing: an engine without Claude Code makes none.
 */
export const placeCredentials = async (configDir: string, json: string): Promise<'written' | 'kept'> => {
  refuseOtherJson(json);
  await makePath(configDir);
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
