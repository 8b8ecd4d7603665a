import { expect, test } from 'vitest';
import * as z from 'zod';
import { sampleOf } from '../../src/demo/schema-sample.ts';

test.each<[string, unknown, unknown]>([
  [
    'only what is required',
    { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] },
    { a: 'demo' },
  ],
  ['no schema of a required property', { type: 'object', required: ['a'] }, { a: 'demo' }],
  ['enum', { enum: ['x', 'y'] }, 'x'],
  ['const', { const: 7 }, 7],
  ['default', { type: 'integer', default: 4 }, 4],
  ['a list of types', { type: ['integer', 'null'] }, 1],
  ['minimum', { type: 'integer', minimum: 5 }, 5],
  ['exclusive minimum', { type: 'number', exclusiveMinimum: 5 }, 6],
  ['maximum', { type: 'number', maximum: -2 }, -2],
  ['lengths of a text', { type: 'string', minLength: 6 }, 'demooo'],
  ['a short text', { type: 'string', maxLength: 2 }, 'de'],
  ['a format', { type: 'string', format: 'date' }, '2025-01-01'],
  ['an empty list', { type: 'array', items: { type: 'string' } }, []],
  ['a list of a length', { type: 'array', items: { type: 'boolean' }, minItems: 2 }, [true, true]],
  ['anyOf', { anyOf: [{ type: 'null' }, { type: 'string' }] }, null],
  [
    'oneOf, with what stands beside it',
    { oneOf: [{ required: ['a'] }], type: 'object', properties: { a: { const: 1 } } },
    { a: 1 },
  ],
  [
    'allOf',
    {
      allOf: [{ type: 'object', properties: { a: { const: 1 } }, required: ['a'] }, { $ref: '#/$defs/b' }],
      $defs: { b: { properties: { b: { const: 2 } }, required: ['b'] } },
    },
    { a: 1, b: 2 },
  ],
  ['$ref', { $ref: '#/$defs/x~1y', $defs: { 'x/y': { const: 'found' } } }, 'found'],
  ['a reference to nowhere', { $ref: '#/$defs/none' }, null],
  ['a reference that is none', { $ref: '#/%{' }, null],
  ['a list of any length', { type: 'array', items: { const: 1 }, minItems: 1e12 }, [1, 1, 1]],
  ['a text of any length', { type: 'string', minLength: 1e12 }, `demo${'o'.repeat(9_996)}`],
  ['nothing known', {}, null],
])('%s', (_name, schema, sample) => expect(sampleOf(schema)).toEqual(sample));

test('a schema that needs itself ends', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['next'] };
  expect(JSON.stringify(sampleOf({ $ref: '#/$defs/node', $defs: { node } }))).toContain('null');
});

test.each<[string, z.ZodType]>([
  [
    'nested',
    z.object({
      id: z.uuid(),
      tags: z.array(z.enum(['a', 'b'])).min(1),
      at: z.iso.datetime(),
      more: z.object({ n: z.int().min(2), maybe: z.string().optional() }),
    }),
  ],
  [
    'a union',
    z.object({
      kind: z.discriminatedUnion('type', [
        z.object({ type: z.literal('a'), x: z.number() }),
        z.object({ type: z.literal('b') }),
      ]),
    }),
  ],
  ['mail and address', z.object({ mail: z.email(), url: z.url(), flag: z.boolean(), none: z.null() })],
])('the sample fits the schema: %s', (_name, schema) => {
  expect(schema.safeParse(sampleOf(z.toJSONSchema(schema)))).toMatchObject({ success: true });
});
