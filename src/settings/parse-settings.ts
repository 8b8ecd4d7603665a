/** Parses the environment by a table of settings and reports every problem together. */
import type { z } from 'zod';

export interface Setting<Schema extends z.ZodType<unknown, string> = z.ZodType<unknown, string>> {
  readonly type: Schema;
  /** The default in the form of the environment; empty for none. */
  readonly fallback: string;
  readonly meaning: string;
}

export type SettingsTable = Readonly<Record<string, Setting>>;

/** The parsed settings under the names of their variables. */
export type SettingValues<Table extends SettingsTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['type']>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

export const setting = <Schema extends z.ZodType<unknown, string>>(
  type: Schema,
  fallback: string,
  meaning: string,
): Setting<Schema> => ({ type, fallback, meaning });

export interface ParsedSettings<Table extends SettingsTable> {
  /** A setting that cannot be parsed has its default here. */
  readonly values: SettingValues<Table>;
  /** One sentence for each such setting, beginning with its name; never its value, which may be a secret. */
  readonly problems: readonly string[];
}

/** Parses the settings that are set; an empty value counts as unset. */
export const parseSettings = <Table extends SettingsTable>(table: Table, env: Environment): ParsedSettings<Table> => {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { type, fallback }] of Object.entries(table)) {
    const parsed = type.safeParse(env[name]?.trim() || fallback);
    if (!parsed.success) problems.push(`${name} ${parsed.error.issues[0]?.message ?? 'is not valid'}.`);
    values[name] = parsed.success ? parsed.data : type.parse(fallback);
  }
  return { values: Object.freeze(values) as SettingValues<Table>, problems };
};

/** The rows of a table for the docs. */
export const settingRows = (table: SettingsTable) =>
  Object.entries(table).map(([name, { fallback, meaning }]) => ({ name, fallback, meaning }));
