import { describe, expect, test } from 'vitest';
import { isRecursive } from '../../src/dialects/schema-refs.ts';
import { asEnforced, forStructuredOutput, SchemaRefused } from '../../src/dialects/structured-output.ts';

const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

test.each([
  [
    'kept as it is',
    object(
      {
        a: { type: 'string', format: 'date', description: 'd' },
        b: { type: 'array', items: { type: 'integer' }, minItems: 1 },
      },
      { required: ['a'] },
    ),
    undefined,
    false,
  ],
  [
    'kept: literals, alternatives, references, types that may be null',
    object(
      {
        a: { enum: ['x', null] },
        b: { const: 1 },
        c: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        d: { $ref: '#/$defs/D' },
        e: { type: ['string', 'null'] },
      },
      { $defs: { D: object({ f: { type: 'boolean' } }) } },
    ),
    undefined,
    false,
  ],
  [
    '$schema goes',
    object({}, { $schema: 'x', properties: { a: { type: 'number', $comment: 'c' } } }),
    object({ a: { type: 'number' } }),
    false,
  ],
  [
    'an object is closed',
    { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'null' } } } } },
    object({ a: object({ b: { type: 'null' } }) }),
    false,
  ],
  [
    'an open object is closed, which is weaker',
    object({ a: { type: 'null' } }, { additionalProperties: { type: 'string' } }),
    object({ a: { type: 'null' } }),
    true,
  ],
  [
    'oneOf becomes anyOf',
    object({ a: { oneOf: [{ type: 'string' }] } }),
    object({ a: { anyOf: [{ type: 'string' }] } }),
    true,
  ],
  [
    'bounds move into the description',
    object({ a: { type: 'string', minLength: 2, pattern: 'x', description: 'd' } }),
    object({ a: { type: 'string', description: 'd\n\n{minLength: 2, pattern: "x"}' } }),
    true,
  ],
  [
    'unknown formats and larger minItems too',
    object({ a: { type: 'string', format: 'color' }, b: { type: 'array', items: { type: 'null' }, minItems: 2 } }),
    object({
      a: { type: 'string', description: '{format: "color"}' },
      b: { type: 'array', items: { type: 'null' }, description: '{minItems: 2}' },
    }),
    true,
  ],
  [
    'a type is read from the members',
    { properties: { a: { items: { type: 'null' } } } },
    object({ a: { type: 'array', items: { type: 'null' } } }),
    false,
  ],
])('%s', (name, schema, expected, weaker) => {
  expect(forStructuredOutput(schema)).toEqual({ schema: expected ?? schema, weaker });
  const whole = expected === undefined || name.startsWith('$schema');
  expect(asEnforced(schema)).toEqual(whole ? (expected ?? schema) : undefined);
});

describe('refused', () => {
  test.each([
    [
      'recursion',
      { $ref: '#/$defs/n', $defs: { n: object({ next: { anyOf: [{ $ref: '#/$defs/n' }, { type: 'null' }] } }) } },
      [],
    ],
    ['recursion through the root', object({ me: { $ref: '#' } }), []],
    ['a reference to nowhere', object({ a: { $ref: '#/$defs/none' } }), ['properties', 'a', '$ref']],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }, ['$ref']],
    ['a reference that is none', { $ref: '%{"x' }, ['$ref']],
    ['anything', object({ a: {} }), ['properties', 'a']],
    ['a schema that is true', object({ a: true }), ['properties', 'a']],
    [
      'free property names',
      object({ a: { type: 'object', additionalProperties: { type: 'string' } } }),
      ['properties', 'a'],
    ],
    ['an object of any kind', { type: 'object' }, []],
    ['objects as values', object({ a: { enum: [{ b: 1 }] } }), ['properties', 'a', 'enum']],
    ['alternatives that are no list', object({ a: { anyOf: 'x' } }), ['properties', 'a', 'anyOf']],
  ])('%s', (_, schema, path) => {
    expect(() => forStructuredOutput(schema)).toThrow(SchemaRefused);
    try {
      forStructuredOutput(schema);
    } catch (error) {
      expect((error as SchemaRefused).path).toEqual(path);
    }
    expect(asEnforced(schema)).toBeUndefined();
  });
});

test('a definition used twice, or by its escaped name, is not recursion', () => {
  expect(
    isRecursive({ anyOf: [{ $ref: '#/$defs/a~1b' }, { $ref: '#/$defs/a~1b' }], $defs: { 'a/b': { type: 'string' } } }),
  ).toBe(false);
  expect(isRecursive({ anyOf: [{ $ref: '#/$defs/a%20b' }], $defs: { 'a b': { $ref: '#' } } })).toBe(true);
  expect(isRecursive({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } })).toBe(true);
  expect(isRecursive({ $ref: '#/$defs/none' })).toBe(false);
});
