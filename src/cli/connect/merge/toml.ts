/** TOML, whose comments, order and way of writing stay; a table that is not there yet is put at the end. */
import { isDeepStrictEqual } from 'node:util';
import { parse, patch, stringify } from '@decimalturn/toml-patch';
import type { Json, JsonObject } from '../client.ts';
import { isObject, MergeError, valueAt, type EditableText } from './editable-text.ts';

export const tomlText = (before: string): EditableText => {
  let text = before;
  read(text);
  return {
    data: () => read(text),
    set: (path, value) => {
      const wanted = withValue(read(text), path, value);
      const appended = appendTable(text, path, value);
      text = appended !== undefined && says(appended, wanted) ? appended : patch(text, wanted);
    },
    text: () => text,
  };
};

const read = (text: string): Json => {
  try {
    return parse(text) as Json;
  } catch (error) {
    const [first, ...rest] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new MergeError(`it is not TOML: ${[first, rest.at(-1)].join(' ')}`);
  }
};

const says = (text: string, wanted: JsonObject): boolean => {
  try {
    // Its tables have no prototype.
    return isDeepStrictEqual(plain(parse(text)), plain(wanted));
  } catch {
    return false;
  }
};

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** `[a.b]` with its values, as people write it; undefined where the value is no table of plain values. */
const appendTable = (text: string, path: readonly (string | number)[], value: Json): string | undefined => {
  const table = isObject(value)
    ? { names: path, value }
    : { names: path.slice(0, -1), value: { [String(path.at(-1))]: value } };
  const nested = Object.values(table.value).some((each) => isObject(each));
  if (table.names.length === 0 || nested || valueAt(read(text), table.names) !== undefined) return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const head = `[${table.names.map((name) => bare(String(name))).join('.')}]`;
  const gap = text.trim() === '' ? '' : `${text.replace(/\s*$/u, '')}${eol}${eol}`;
  return gap + [head, ...stringify(table.value).trim().split('\n')].join(eol) + eol;
};

const bare = (name: string): string => (/^[\w-]+$/u.test(name) ? name : JSON.stringify(name));

const withValue = (data: Json, path: readonly (string | number)[], value: Json): JsonObject => {
  const copy = structuredClone(data) as Record<string, Json>;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = (parent[key] ??= {}) as Record<string, Json>;
  parent[String(path.at(-1))] = value;
  return copy;
};
