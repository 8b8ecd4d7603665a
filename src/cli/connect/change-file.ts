/** Changes a file so that nothing can be lost: a backup first, then one atomic step, and a record for the way back. */
import { createHash, randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';

const record = z.object({
  client: z.string(),
  file: z.string(),
  /** Null where there was no file before. */
  backup: z.string().nullable(),
  /** Of what was written: shows whether somebody changed the file since. */
  hash: z.string(),
  at: z.string(),
});
export type ChangeRecord = z.output<typeof record>;

export const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
  }
};

export interface Change {
  readonly client: string;
  readonly path: string;
  readonly after: string;
  /** The folder that keeps the records. */
  readonly stateDir: string;
}

/** Returns the path of the backup, or null where there was nothing to back up. */
export const changeFile = async ({ client, path, after, stateDir }: Change): Promise<string | null> => {
  const file = await resolved(path);
  await mkdir(dirname(file), { recursive: true });
  const backup = existsSync(file) ? await backUp(file) : null;
  const records = await readRecords(stateDir);
  const change = { client, file, backup, hash: hashOf(after), at: new Date().toISOString() };
  // Before the change: a record of one that did not happen does no harm, a change without a record cannot be undone.
  await writeRecords(stateDir, [...records, change]);
  await replaceFile(file, after);
  return backup;
};

/** The last change of this client's configuration that was not undone. */
export const lastChange = async (client: string, stateDir: string): Promise<ChangeRecord | undefined> =>
  (await readRecords(stateDir)).findLast((each) => each.client === client);

/** Whether the file is still as it was written. */
export const isUntouched = async ({ file, hash }: ChangeRecord): Promise<boolean> => {
  const text = await readText(file);
  return text !== undefined && hashOf(text) === hash;
};

export const undoChange = async (change: ChangeRecord, stateDir: string): Promise<void> => {
  const { file, backup } = change;
  if (backup === null) await rm(file, { force: true });
  else {
    const before = await readText(backup);
    if (before === undefined) throw new CliError(`The backup ${backup} is not there any more; nothing was changed.`);
    await replaceFile(file, before);
    await rm(backup);
  }
  const records = await readRecords(stateDir);
  const index = records.findLastIndex((each) => each.file === file && each.at === change.at);
  await writeRecords(stateDir, records.toSpliced(index, 1));
};

/** Where a link points: a rename onto the link would cut it off from the folder of dotfiles it belongs to. */
const resolved = async (path: string): Promise<string> => (existsSync(path) ? realpath(path) : path);

const backUp = async (file: string): Promise<string> => {
  const backup = `${file}.${new Date().toISOString().replaceAll(/[:.]/gu, '-')}.bak`;
  await copyFile(file, backup, constants.COPYFILE_EXCL);
  await chmod(backup, (await stat(file)).mode & 0o777);
  return backup;
};

/** Readers see the old text or the new one, also after a power cut. Mode and owner stay. */
const replaceFile = async (file: string, text: string, newMode = 0o644): Promise<void> => {
  const before = existsSync(file) ? await stat(file) : undefined;
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', before === undefined ? newMode : 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (before !== undefined) {
      await chmod(temporary, before.mode & 0o7777);
      // Only root may give a file away, and only root writes into files of others.
      if (before.uid !== process.getuid?.()) await chown(temporary, before.uid, before.gid);
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
};

const recordsFile = (stateDir: string): string => join(stateDir, 'connect.json');

const readRecords = async (stateDir: string): Promise<readonly ChangeRecord[]> => {
  const text = await readText(recordsFile(stateDir));
  if (text === undefined) return [];
  try {
    return z.array(record).parse(JSON.parse(text));
  } catch {
    throw new CliError(`${recordsFile(stateDir)} cannot be read; move it away, and go on.`);
  }
};

const writeRecords = async (stateDir: string, records: readonly ChangeRecord[]): Promise<void> => {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await replaceFile(recordsFile(stateDir), `${JSON.stringify(records, undefined, 2)}\n`, 0o600);
};

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
