/** The smallest JSON value that fits a JSON Schema, for structured output and forced tool calls. */
import { targetOf } from '../dialects/schema-refs.ts';

/** No text and no list is longer, whatever a schema asks for; lists may be nested. */
const LONGEST_TEXT = 10_000;
const LONGEST_LIST = 3;

type Schema = Readonly<Record<string, unknown>>;

/** Required properties only; the first of `enum`, `const`, `anyOf`; recursion ends at depth 8 with null. */
export const sampleOf = (schema: unknown, root: unknown = schema, depth = 0): unknown => {
  if (!isObject(schema) || depth > 8) return null;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if ('default' in schema) return schema['default'];
  const next = alternative(schema, root);
  return next === undefined ? sampleOfType(schema, root, depth) : sampleOf(next, root, depth + 1);
};

/** `$ref` resolved, or the first alternative, with what stands beside it kept. */
const alternative = (schema: Schema, root: unknown): unknown => {
  if (typeof schema['$ref'] === 'string') return targetOf(root, schema['$ref']);
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices))
    return isObject(choices[0]) ? { ...omit(schema, ['anyOf', 'oneOf']), ...choices[0] } : choices[0];
  if (Array.isArray(schema['allOf'])) return mergeAll(schema, schema['allOf'], root);
  return undefined;
};

const mergeAll = (schema: Schema, parts: readonly unknown[], root: unknown): Schema => {
  const merged: Record<string, unknown> = omit(schema, ['allOf']);
  for (const part of parts) {
    const resolved = isObject(part) && typeof part['$ref'] === 'string' ? targetOf(root, part['$ref']) : part;
    if (!isObject(resolved)) continue;
    const properties = {
      ...(merged['properties'] as object | undefined),
      ...(resolved['properties'] as object | undefined),
    };
    const required = [...asArray(merged['required']), ...asArray(resolved['required'])];
    Object.assign(merged, resolved, { properties, required });
  }
  return merged;
};

const sampleOfType = (schema: Schema, root: unknown, depth: number): unknown => {
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'string':
      return sampleString(schema);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.min(Number(schema['minItems'] ?? 0), LONGEST_LIST) }, () =>
        sampleOf(schema['items'], root, depth + 1),
      );
    default:
      return type === 'object' || isObject(schema['properties']) ? sampleObject(schema, root, depth) : null;
  }
};

const sampleObject = (schema: Schema, root: unknown, depth: number): unknown => {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const names = asArray(schema['required']).map(String);
  return Object.fromEntries(
    names.map((name) => [name, sampleOf(properties[name] ?? { type: 'string' }, root, depth + 1)]),
  );
};

const FORMATS: Readonly<Record<string, string>> = {
  date: '2025-01-01',
  'date-time': '2025-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'demo@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

const sampleString = (schema: Schema): string => {
  const plain = FORMATS[String(schema['format'])] ?? 'demo';
  return plain
    .padEnd(Math.min(Number(schema['minLength'] ?? 0), LONGEST_TEXT), 'o')
    .slice(0, Number(schema['maxLength'] ?? Infinity));
};

const sampleNumber = (schema: Schema): number => {
  if (typeof schema['minimum'] === 'number') return schema['minimum'];
  if (typeof schema['exclusiveMinimum'] === 'number') return schema['exclusiveMinimum'] + 1;
  if (typeof schema['maximum'] === 'number') return Math.min(1, schema['maximum']);
  return 1;
};

const omit = (schema: Schema, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)));

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
