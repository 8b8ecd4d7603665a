/** A flag for every setting, from the one table: `MAX_CONCURRENCY` is `--max-concurrency`. */
import { Option, type Command } from 'commander';
import { serverSettings } from '../settings/server-settings.ts';
import { SECRET_SETTINGS } from './secret-settings.ts';

const SHORT: Readonly<Record<string, string>> = { PORT: '-p' };

const flagNames = Object.keys(serverSettings).filter((name) => !SECRET_SETTINGS.has(name));

export const addSettingFlags = (command: Command): Command => {
  for (const name of flagNames) {
    const { meaning, fallback } = serverSettings[name as keyof typeof serverSettings];
    const long = `--${name.toLowerCase().replaceAll('_', '-')} <value>`;
    const flags = SHORT[name] === undefined ? long : `${SHORT[name]}, ${long}`;
    const description = `${firstSentence(meaning)} (${name}${fallback === '' ? '' : `, default ${fallback}`})`;
    command.addOption(new Option(flags, description).helpGroup('Settings:'));
  }
  return command.addHelpText(
    'after',
    '\n-v, --version and the other commands: opencode-claude-proxy --help\n' +
      'Settings also come from the environment and from .env files; docs/CONFIGURATION.md explains each.\n' +
      'Keys, logins and addresses with secrets only from there: what is on a command line, others on the machine ' +
      'can read.',
  );
};

/** What the flags set, under the names of the settings. */
export const settingsFromFlags = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    flagNames.flatMap((name) => {
      const value = options[camelCase(name)];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

const firstSentence = (meaning: string): string => /^.*?(?=\.(?:\s|$))/su.exec(meaning)?.[0] ?? meaning;

/** As Commander names the values of its options. */
const camelCase = (name: string): string =>
  name.toLowerCase().replaceAll(/_(\w)/gu, (_, letter: string) => letter.toUpperCase());
