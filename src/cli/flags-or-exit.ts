/** What the flags set; ends the process where they ask for a text or cannot be read. */
import { version } from '../node/version.ts';
import { readFlags } from './flags.ts';

export const flagsOrExit = (name: string): Readonly<Record<string, string>> => {
  const flags = readFlags(process.argv.slice(2), { name, version });
  if (flags.kind === 'run') return flags.settings;
  if (flags.kind === 'print') console.log(flags.text);
  else console.error(flags.text);
  // 2, as usual for a command line that cannot be read.
  return process.exit(flags.kind === 'print' ? 0 : 2);
};
