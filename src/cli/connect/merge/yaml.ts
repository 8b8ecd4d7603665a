/** YAML, whose comments and order stay. */
import { isCollection, isSeq, parseDocument, type Document } from 'yaml';
import type { Json } from '../client.ts';
import { MergeError, type EditableText } from './editable-text.ts';

export const yamlText = (before: string): EditableText => {
  const document = parseDocument(before);
  const [error] = document.errors;
  if (error !== undefined) throw new MergeError(`it is not YAML: ${error.message.split('\n')[0]}`);
  let changed = false;
  return {
    data: () => (document.toJS() ?? {}) as Json,
    set: (path, value) => {
      changed = true;
      document.setIn(closed(document, path), nodeOf(document, value));
    },
    // The library writes white space its own way, so a file that needs nothing is not written at all.
    text: () => (changed ? document.toString({ lineWidth: 0, ...styleOf(before) }) : before),
  };
};

/** Parents that are not there yet, and lists among them: `setIn` makes maps only. */
const closed = (document: Document, path: readonly (string | number)[]): readonly (string | number)[] => {
  for (const [end, key] of path.entries()) {
    if (typeof key !== 'number' || end === 0) continue;
    const parent = path.slice(0, end);
    if (!isCollection(document.getIn(parent))) document.setIn(parent, document.createNode([]));
    const list = document.getIn(parent);
    // `key: []` on one line would take the new element on that line too.
    if (isSeq(list) && list.items.length === 0) list.flow = false;
  }
  return path;
};

/** Lists of words on one line, as configurations write them. */
const nodeOf = (document: Document, value: Json): unknown => {
  const node = document.createNode(value);
  const visit = (each: unknown): void => {
    if (!isCollection(each)) return;
    const children = each.items.map((item) =>
      typeof item === 'object' && item !== null && 'value' in item && !isSeq(each) ? item.value : item,
    );
    if (isSeq(each) && !children.some((child) => isCollection(child))) each.flow = true;
    for (const child of children) visit(child);
  };
  visit(node);
  return node;
};

/** As the file has it: whether lists below a key are indented, and whether brackets have space inside. */
const styleOf = (text: string): { indentSeq: boolean; flowCollectionPadding: boolean } => ({
  indentSeq: !/^(\s*)[\w'"-]+:[ \t]*\r?\n\1- /mu.test(text),
  flowCollectionPadding: /[[{] \S/u.test(text),
});
