/** Messages for invalid fields. Callers never see messages of the validation library. */
import type { z } from 'zod';

export type Issue = z.core.$ZodIssue;

/** For `safeParse`: a schema's own message stays; every other problem gets one of ours. */
export const problemMessage = (issue: z.core.$ZodRawIssue): string => messageOf(issue as Issue);

/** Also for problems inside a union, which have no message. */
const messageOf = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeName(issue.expected)}, received ${received(issue.input)}`;
    case 'invalid_value':
      return `expected ${listed(issue.values.map((value) => JSON.stringify(value)))}, received ${quoted(issue.input)}`;
    case 'too_big':
      return `expected at most ${amount(issue.maximum, issue.origin)}, received ${size(issue.input)}`;
    case 'too_small':
      return tooSmall(issue);
    case 'invalid_union':
      return unionMessage(issue);
    case 'invalid_key':
      return 'this name is not allowed';
    default:
      return 'the value is not allowed';
  }
};

const tooSmall = (issue: Extract<Issue, { code: 'too_small' }>): string => {
  if ((issue.origin === 'string' || issue.origin === 'array') && issue.minimum === 1) return 'it must not be empty';
  return `expected at least ${amount(issue.minimum, issue.origin)}, received ${size(issue.input)}`;
};

const unionMessage = (issue: Extract<Issue, { code: 'invalid_union' }>): string => {
  const { discriminator, input } = issue;
  if (discriminator === undefined) {
    const expected = new Set(issue.errors.flatMap((branch) => branch.flatMap(expectedBy)));
    return `expected ${listed([...expected])}, received ${received(input)}`;
  }
  const kind = (input as Readonly<Record<string, unknown>>)[discriminator];
  if (kind === undefined) return 'this field is required';
  // Values that begin with `~` never come from callers: src/dialects/openai-chat/wire-shapes.ts.
  const known = ('options' in issue ? (issue.options ?? []) : []).filter((option) => !String(option).startsWith('~'));
  const expected = known.length === 0 ? 'another value' : listed(known.map((option) => JSON.stringify(option)));
  return `expected ${expected}, received ${quoted(kind)}`;
};

const expectedBy = (issue: Issue): readonly string[] => {
  if (issue.code === 'invalid_type') return [typeName(issue.expected)];
  return issue.code === 'invalid_value' ? issue.values.map((value) => JSON.stringify(value)) : ['an object'];
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const typeName = (type: string): string => TYPES[type] ?? 'another type';

const received = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'number' && !Number.isInteger(value) ? String(value) : typeName(typeof value);
};

const quoted = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : received(value);

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

const amount = (limit: number | bigint, origin: string): string => `${limit}${UNITS[origin] ?? ''}`;

const size = (value: unknown): string =>
  typeof value === 'string' || Array.isArray(value) ? String(value.length) : String(value).slice(0, 32);

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
