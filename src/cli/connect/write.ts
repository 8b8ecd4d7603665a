/** `connect --write` and `--undo`: shows the difference, asks, and changes the client's file. */
import { confirm, isCancel } from '@clack/prompts';
import { createTwoFilesPatch } from 'diff';
import { stateRoot } from '../../node/state.ts';
import { CliError } from '../cli-error.ts';
import { currentEnvironment } from '../environment.ts';
import { isInteractive, print, printJson, styled } from '../output.ts';
import { changeFile, isUntouched, lastChange, readText, undoChange } from './change-file.ts';
import type { Client, ConfigFile, Variant } from './client.ts';
import { pathOf, shortPath, thisMachine } from './machine.ts';
import { MergeError } from './merge/editable-text.ts';
import { mergeEntries, type Merged } from './merge/merge.ts';
import { plainText } from './snippet.ts';

interface Options {
  readonly yes?: boolean;
  readonly default?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export const writeConfiguration = async (client: Client, variant: Variant, options: Options): Promise<void> => {
  const { file } = variant;
  if (file === undefined) throw new CliError(`${client.name} has no file that could be written.`, 2);
  const path = pathOf(file, thisMachine());
  const before = await readText(path);
  const { text, kept } = merge(path, before, { file, options });
  const shown = shortPath(path, thisMachine());
  if (text === before)
    return report(options, { changed: false, file: path, kept }, [`${shown} is already as it should be.`]);
  if (options.json !== true) showDifference(shown, before ?? '', text);
  await agree(`Write ${shown}?`, options);
  const backup = await changeFile({ client: client.id, path, after: text, stateDir: stateDir() });
  return report(options, { changed: true, file: path, backup, kept }, [
    `${styled('green', '✓')} ${client.name} is connected: ${shown}`,
    ...(backup === null ? [] : [`  The file of before is ${shortPath(backup, thisMachine())}.`]),
    ...(kept.length === 0 ? [] : [`  Your own choice of ${kept.join(' and ')} stays; --default makes it this server.`]),
    ...(variant.steps ?? []).map((step) => `  ${plainText(step)}`),
    `  To take it back: opencode-claude-proxy connect ${client.id} --undo`,
  ]);
};

export const undoConfiguration = async (client: Client, options: Options): Promise<void> => {
  const change = await lastChange(client.id, stateDir());
  if (change === undefined)
    throw new CliError(`There is nothing to undo: connect has not changed ${client.name}'s file.`);
  const { file, backup } = change;
  const shown = shortPath(file, thisMachine());
  if (!(await isUntouched(change)) && options.force !== true)
    throw new CliError(
      `${shown} was changed since; to undo would lose that. Add --force to do it all the same` +
        (backup === null ? '.' : `, or compare it with ${backup}.`),
    );
  const before = backup === null ? '' : ((await readText(backup)) ?? '');
  if (options.json !== true) showDifference(shown, (await readText(file)) ?? '', before);
  await agree(backup === null ? `Remove ${shown}, which connect made?` : `Put ${shown} back as it was?`, options);
  await undoChange(change, stateDir());
  return report(options, { changed: true, file, removed: backup === null }, [
    backup === null ? `${shown} is removed.` : `${shown} is as it was.`,
  ]);
};

const stateDir = (): string => stateRoot(currentEnvironment()['STATE_DIR'] ?? '', process.env);

const merge = (
  path: string,
  before: string | undefined,
  { file, options }: { file: ConfigFile; options: Options },
): Merged => {
  try {
    return mergeEntries(before, file, { replaceChoices: options.default === true });
  } catch (error) {
    if (error instanceof MergeError) throw new CliError(`${path} was left as it is: ${error.message}.`);
    throw error;
  }
};

const showDifference = (name: string, before: string, after: string): void => {
  const lines = createTwoFilesPatch(name, name, before, after, '', '', { context: 3 }).split('\n');
  for (const line of lines.filter((each) => !/^(?:Index:|=====)/u.test(each))) print(coloured(line));
};

const coloured = (line: string): string => {
  if (line.startsWith('+')) return styled('green', line);
  return line.startsWith('-') ? styled('red', line) : line;
};

const agree = async (question: string, { yes = false }: Options): Promise<void> => {
  if (yes) return;
  if (!isInteractive())
    throw new CliError('Nothing was changed: there is no terminal to ask in. Add --yes to go on.', 2);
  const answer = await confirm({ message: question });
  if (isCancel(answer) || !answer) throw new CliError('Nothing was changed.');
};

const report = ({ json = false }: Options, data: object, lines: readonly string[]): void =>
  json ? printJson(data) : print(lines.join('\n'));
