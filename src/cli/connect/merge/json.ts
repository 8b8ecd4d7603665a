/** JSON with comments and trailing commas, as editors read it. What stands in the file is not formatted anew. */
import {
  createScanner,
  findNodeAtLocation,
  parse,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import type { Json } from '../client.ts';
import { MergeError, type EditableText } from './editable-text.ts';
import { prettyJson } from './pretty-json.ts';

export const jsonText = (before: string, { list }: { list: boolean }): EditableText => {
  const empty = before.trim() === '';
  let text = empty ? (list ? '[]' : '{}') : before;
  const style = styleOf(text);
  read(text);
  return {
    data: () => read(text),
    set: (path, value) => {
      text = withValue(text, { path, value, style });
    },
    text: () => (empty ? prettyJson(read(text)) : text),
  };
};

const OPTIONS = { allowTrailingComma: true };

const read = (text: string): Json => {
  const errors: ParseError[] = [];
  const data = parse(text, errors, OPTIONS) as Json;
  const [first] = errors;
  if (first === undefined) return data;
  const line = text.slice(0, first.offset).split('\n').length;
  throw new MergeError(`it is not JSON: ${printParseErrorCode(first.error)} in line ${line}`);
};

interface Style {
  /** One step of indentation. */
  readonly step: string;
  readonly eol: string;
}

const styleOf = (text: string): Style => ({
  step: /^([ \t]+)\S/mu.exec(text)?.[1] ?? '  ',
  eol: text.includes('\r\n') ? '\r\n' : '\n',
});

interface Setting {
  readonly path: readonly (string | number)[];
  readonly value: Json;
  readonly style: Style;
}

/** Replaces the value at the path, or adds it to the nearest parent that is there. */
const withValue = (text: string, { path, value, style }: Setting): string => {
  const root = parseTree(text, [], OPTIONS);
  const found = root === undefined ? undefined : findNodeAtLocation(root, [...path]);
  if (found !== undefined) return splice(text, found, written(value, { style, indent: indentAt(text, found.offset) }));
  const depth = path.findLastIndex(
    (_, end) => root !== undefined && findNodeAtLocation(root, path.slice(0, end)) !== undefined,
  );
  const parent = root === undefined ? undefined : findNodeAtLocation(root, path.slice(0, depth));
  if (parent === undefined) throw new MergeError('it is empty where it should not be');
  const inner = path
    .slice(depth + 1)
    .reduceRight<Json>((child, key) => (typeof key === 'number' ? [child] : { [key]: child }), value);
  const key = path[depth];
  return added(text, parent, { key: typeof key === 'string' ? key : undefined, value: inner, style });
};

interface Member {
  /** Undefined in a list. */
  readonly key: string | undefined;
  readonly value: Json;
  readonly style: Style;
}

/** A comment behind the last member stays behind it, and a comma at the end stays at the end. */
const added = (text: string, parent: Node, { key, value, style }: Member): string => {
  const closing = parent.offset + parent.length - 1;
  const last = parent.children?.at(-1);
  const end = last === undefined ? parent.offset + 1 : last.offset + last.length;
  const hasComma = last !== undefined && commaBetween(text, end, closing);
  const outer = indentAt(text, parent.offset);
  const inner =
    last !== undefined && isFirstOnLine(text, last.offset) ? indentAt(text, last.offset) : outer + style.step;
  const member = `${key === undefined ? '' : `${JSON.stringify(key)}: `}${written(value, { style, indent: inner })}`;
  const rest = text.slice(end, closing);
  const onOneLine = !text.slice(parent.offset, closing).includes('\n');
  const comma = last === undefined || hasComma ? '' : ',';
  if (onOneLine && last !== undefined && (typeof value !== 'object' || value === null))
    return `${text.slice(0, end)}${comma}${rest.trimEnd()} ${member}${hasComma ? ',' : ''} ${text.slice(closing)}`;
  const before = `${text.slice(0, end)}${comma}${rest.trimEnd()}`;
  return `${before}${style.eol}${inner}${member}${hasComma ? ',' : ''}${style.eol}${outer}${text.slice(closing)}`;
};

const commaBetween = (text: string, start: number, end: number): boolean => {
  const scanner = createScanner(text, true);
  scanner.setPosition(start);
  scanner.scan();
  return scanner.getTokenOffset() < end && text[scanner.getTokenOffset()] === ',';
};

const written = (value: Json, { style, indent }: { style: Style; indent: string }): string =>
  prettyJson(value)
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ +/u, (spaces) => style.step.repeat(spaces.length / 2)))
    .join(style.eol + indent);

const splice = (text: string, { offset, length }: Node, replacement: string): string =>
  text.slice(0, offset) + replacement + text.slice(offset + length);

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/u.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';

const isFirstOnLine = (text: string, offset: number): boolean =>
  text.slice(lineStart(text, offset), offset).trim() === '';
