/** `config`: every setting with its value and where it comes from, or a commented file to begin with. */
import type { Command } from 'commander';
import { secretsOf } from '../../node/login/secrets.ts';
import { lookalikes } from '../../node/lookalikes.ts';
import { parseSettings, settingRows } from '../../settings/parse-settings.ts';
import { serverSettings } from '../../settings/server-settings.ts';
import { createRedactor } from '../../util/redact.ts';
import { mergedEnvironment, settingSources, userEnvFile } from '../environment.ts';
import { SECRET_SETTINGS } from '../secret-settings.ts';
import { unknownSettings, type UnknownSetting } from '../unknown-settings.ts';
import { columns, print, printJson, styled } from '../output.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly from: string;
}

export const addConfig = (program: Command): void => {
  program
    .command('config')
    .description('show every setting, its value and where it comes from')
    .option('--example', 'print a commented .env file with every setting instead')
    .option('--json', 'print JSON')
    .action(({ example = false, json = false }: { example?: boolean; json?: boolean }) => {
      if (example) return print(exampleFile());
      const rows = currentRows();
      const { problems, misspelt, unknown } = trouble();
      if (json) return printJson({ settings: rows, problems, misspelt, unknown, userFile: userEnvFile(process.env) });
      print(columns(rows.map(({ name, value, from }) => [name, value, from])));
      const lines = unknown.map(({ name, from }) => `${name} in ${from} is no setting: nothing reads it.`);
      for (const line of [...problems, ...misspelt, ...lines]) print(styled('yellow', line));
      if (problems.length > 0) process.exitCode = 1;
      return undefined;
    });
};

const currentRows = (): readonly Row[] => {
  const sources = settingSources(process.env);
  return settingRows(serverSettings).map(({ name, fallback }) => {
    const source = sources.find(({ values }) => Boolean(values[name]));
    const value = source?.values[name] ?? fallback;
    const shown = SECRET_SETTINGS.has(name) && value !== '' ? '(set, not shown)' : withoutPassword(name, value);
    return { name, value: shown, from: source?.from ?? 'default' };
  });
};

/** The password in an address. */
const withoutPassword = (name: string, value: string): string => createRedactor(secretsOf({ [name]: value }))(value);

interface Trouble {
  readonly problems: readonly string[];
  readonly misspelt: readonly string[];
  readonly unknown: readonly UnknownSetting[];
}

const trouble = (): Trouble => {
  const sources = settingSources(process.env);
  const env = mergedEnvironment(sources);
  return {
    problems: parseSettings(serverSettings, env).problems,
    misspelt: lookalikes(env).map(({ name, nearest }) => `${name} is not a setting; ${nearest} is.`),
    unknown: unknownSettings(sources),
  };
};

const exampleFile = (): string =>
  [
    '# Settings of opencode-claude-proxy. Save this as .env beside where you start it, or for every folder as',
    `# ${userEnvFile({ HOME: '~' })}. Keep it private (chmod 600): it may hold keys.`,
    ...settingRows(serverSettings).flatMap(({ name, fallback, meaning }) => [
      '',
      ...wrapped(meaning),
      `#${name}=${fallback}`,
    ]),
  ].join('\n');

/** The text as comment lines of at most 100 columns. */
const wrapped = (text: string): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 98) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};
