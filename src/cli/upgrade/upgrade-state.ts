/** What is known of newer versions, in a file of the state directory. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const state = z.object({
  /** When the registry was last asked, whatever came of it. */
  askedAt: z.number(),
  /** The newest version there. */
  latest: z.string().optional(),
  /** When the user was last told. */
  toldAt: z.number().optional(),
});

export type UpgradeState = z.output<typeof state>;

/** Nothing known where there is no such file, or one that cannot be read. */
export const readUpgradeState = (file: string): UpgradeState => {
  try {
    return state.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { askedAt: 0 };
  }
};

/** False where nothing can be written: then nothing is asked and told either, since it would be at every command. */
export const writeUpgradeState = (file: string, content: UpgradeState): boolean => {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return true;
  } catch {
    return false;
  }
};
