/** Puts entries into the text of a configuration file and leaves everything else in it as it is. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ConfigFile, Entry, Json, JsonObject } from '../client.ts';
import { isObject, MergeError, valueAt, type EditableText } from './editable-text.ts';
import { jsonText } from './json.ts';
import { tomlText } from './toml.ts';
import { yamlText } from './yaml.ts';

export interface Merged {
  readonly text: string;
  /** Choices of the user's that stay as they are: `model`. */
  readonly kept: readonly string[];
  readonly changes: readonly MergeChange[];
}

export interface MergeChange {
  readonly path: readonly (string | number)[];
  /** Undefined where there was nothing. */
  readonly found: Json | undefined;
  readonly wanted: Json;
}

export interface MergeOptions {
  /** Also take the place of the user's own choices. */
  readonly replaceChoices?: boolean;
}

/** `before` is undefined where there is no file yet. Throws `MergeError`. */
export const mergeEntries = (
  before: string | undefined,
  { format, entries }: Pick<ConfigFile, 'format' | 'entries'>,
  { replaceChoices = false }: MergeOptions = {},
): Merged => {
  const changes: MergeChange[] = [];
  const editable = recording(
    FORMATS[format](before ?? '', { list: entries.some(({ path }) => path.length === 0) }),
    changes,
  );
  const own = chosenOtherwise(editable.data(), entries);
  const keepsChoice = !replaceChoices && own.length > 0;
  for (const entry of entries) {
    if ('item' in entry) setItem(editable, entry);
    else if (isOurs(editable.data(), entry, keepsChoice)) setValue(editable, entry.path, entry.value);
  }
  return { text: editable.text(), kept: keepsChoice ? own : [], changes };
};

const recording = (editable: EditableText, changes: MergeChange[]): EditableText => ({
  ...editable,
  set: (path, value) => {
    changes.push({ path, found: valueAt(editable.data(), path), wanted: value });
    editable.set(path, value);
  },
});

type ValueEntry = Extract<Entry, { value: Json }>;

/** What the user has chosen themselves, by name. */
const chosenOtherwise = (data: Json, entries: readonly Entry[]): readonly string[] =>
  entries
    .filter((entry): entry is ValueEntry => 'value' in entry && entry.keepExisting === 'all')
    .filter(({ path, value }) => isOther(valueAt(data, path), value))
    .map(({ path }) => path.join('.'));

const isOurs = (data: Json, { path, keepExisting }: ValueEntry, keepsChoice: boolean): boolean => {
  if (keepExisting === 'all') return !keepsChoice;
  return keepExisting === undefined || valueAt(data, path) === undefined;
};

const FORMATS = { json: jsonText, yaml: yamlText, toml: tomlText } satisfies Record<
  ConfigFile['format'],
  (text: string, options: { list: boolean }) => EditableText
>;

const isOther = (found: Json | undefined, wanted: Json): boolean =>
  found !== undefined && !isDeepStrictEqual(found, wanted);

const setItem = (editable: EditableText, { path, item, by }: Extract<Entry, { item: JsonObject }>): void => {
  const list = valueAt(editable.data(), path) ?? [];
  if (!Array.isArray(list)) throw new MergeError(`${path.join('.') || 'the whole'} is not a list`);
  const index = list.findIndex((each: Json) => isObject(each) && each[by] === item[by]);
  if (index === -1) editable.set([...path, list.length], item);
  else setValue(editable, [...path, index], item);
};

/** Only what differs is written, so that comments inside of it stay. */
const setValue = (editable: EditableText, path: readonly (string | number)[], value: Json): void => {
  const found = valueAt(editable.data(), path);
  if (isDeepStrictEqual(found, value)) return;
  if (isObject(found) && isObject(value)) {
    for (const [key, each] of Object.entries(value)) setValue(editable, [...path, key], each);
    return;
  }
  refuseOther(editable.data(), path);
  editable.set(path, value);
};

/** Something that cannot hold the next part of the path stands there. */
const refuseOther = (data: Json, path: readonly (string | number)[]): void => {
  for (const [depth, key] of path.entries()) {
    const parent = valueAt(data, path.slice(0, depth));
    if (parent === undefined) return;
    const fits = typeof key === 'number' ? Array.isArray(parent) : isObject(parent);
    if (!fits && depth === 0) throw new MergeError(`the whole is no ${typeof key === 'number' ? 'list' : 'object'}`);
    if (!fits) throw new MergeError(`${path.slice(0, depth).join('.')} holds something else`);
  }
};
