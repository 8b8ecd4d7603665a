/** JSON for people: what fits stands on one line. */
import type { Json } from '../client.ts';

const WIDTH = 100;

export const prettyJson = (value: Json): string => `${pretty(value, 0)}\n`;

const pretty = (value: Json, indent: number): string => {
  const short = oneLine(value);
  if (typeof value !== 'object' || value === null) return short;
  const nested = Object.values(value).some((each) => typeof each === 'object' && each !== null && !isFlat(each));
  if (indent > 0 && !nested && indent + short.length <= WIDTH) return short;
  const pad = ' '.repeat(indent + 2);
  const lines = Array.isArray(value)
    ? value.map((each: Json) => pad + pretty(each, indent + 2))
    : Object.entries(value as object).map(
        ([key, each]) => `${pad}${JSON.stringify(key)}: ${pretty(each as Json, indent + 2)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? short : `${open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${close}`;
};

const isFlat = (value: object): boolean => Array.isArray(value) && value.every((each) => typeof each !== 'object');

const oneLine = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each: Json) => oneLine(each)).join(', ')}]`;
  const members = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
};
