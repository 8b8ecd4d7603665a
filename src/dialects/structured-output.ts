/**
 * JSON Schemas for structured output and strict tools. The API enforces a subset of JSON Schema
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations):
 * what it cannot enforce moves into the description, as in the official SDK; what cannot be
 * described either is refused.
 */
import { isRecursive, targetOf } from './schema-refs.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** The API cannot enforce this schema in any form. `path` leads to the part at fault. */
export class SchemaRefused extends Error {
  override readonly name = 'SchemaRefused';
  readonly path: readonly string[];
  constructor(path: readonly string[], problem: string) {
    super(problem);
    this.path = path;
  }
}

export interface Rewritten {
  readonly schema: Record<string, unknown>;
  /** Whether something that the caller asked for is no longer enforced. */
  readonly weaker: boolean;
}

/** Throws `SchemaRefused`. */
export const forStructuredOutput = (schema: Schema): Rewritten => {
  if (isRecursive(schema)) throw new SchemaRefused([], 'a recursive schema cannot be enforced by the Claude API.');
  const rewrite = new Rewrite(schema);
  return { schema: rewrite.node(schema, []), weaker: rewrite.weaker };
};

/** The schema where the API can enforce all of it, without members that have no effect; undefined where it cannot. */
export const asEnforced = (schema: Schema): Record<string, unknown> | undefined => {
  try {
    if (isRecursive(schema)) return undefined;
    const rewrite = new Rewrite(schema);
    const enforced = rewrite.node(schema, []);
    return rewrite.changed ? undefined : enforced;
  } catch (error) {
    if (error instanceof SchemaRefused) return undefined;
    throw error;
  }
};

const FORMATS: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);
/** Keywords that do not restrict values. */
const SILENT: ReadonlySet<string> = new Set(['$schema', '$id', '$comment']);
const KEPT: ReadonlySet<string> = new Set(['title', 'description', 'default', 'required']);
const COMBINED: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf']);
const DEEPEST = 64;

class Rewrite {
  /** Something is enforced less strictly than asked. */
  weaker = false;
  /** The result differs in meaning from the original. */
  changed = false;
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  node(value: unknown, path: readonly string[]): Record<string, unknown> {
    if (!isSchema(value)) throw new SchemaRefused(path, 'every part of the schema must be an object with a type.');
    if (path.length > DEEPEST) throw new SchemaRefused(path, 'the schema is nested too deeply.');
    const type = typeOf(value, path);
    const out: Record<string, unknown> = {};
    const unenforced: string[] = [];
    for (const [key, part] of Object.entries(value)) {
      if (!SILENT.has(key) && !this.#keep({ key, part, path, type, out }))
        unenforced.push(`${key}: ${JSON.stringify(part)}`);
    }
    if (type !== undefined && !('type' in out)) out['type'] = type;
    if (includesType(type, 'object')) this.#closeObject(value, out, path);
    if (unenforced.length > 0) {
      this.weaker = this.changed = true;
      out['description'] = [out['description'], `{${unenforced.join(', ')}}`]
        .filter((text) => typeof text === 'string')
        .join('\n\n');
    }
    return out;
  }

  /** Adds a keyword to `out` in the form that the API takes; false where it takes none. */
  #keep({ key, part, path, type, out }: Keyword): boolean {
    const here = [...path, key];
    if (key === '$ref') out[key] = this.#local(part, here);
    else if (KEPT.has(key)) out[key] = part;
    else if (key === 'type') out['type'] = type;
    else if (key === '$defs' || key === 'definitions' || key === 'properties') out[key] = this.#each(part, here);
    else if (key === 'items') out[key] = this.node(part, here);
    else if (COMBINED.has(key)) out[key === 'oneOf' ? this.#renamed('anyOf') : key] = this.#list(part, here);
    else if (key === 'enum' || key === 'const') out[key] = primitives(part, here);
    else if (key === 'format') return FORMATS.has(part) && (out[key] = part) !== undefined;
    else if (key === 'minItems') return (part === 0 || part === 1) && (out[key] = part) !== undefined;
    else return key === 'additionalProperties';
    return true;
  }

  /** `additionalProperties` must be false; a free-form map would then only allow `{}`, so it is refused. */
  #closeObject(value: Schema, out: Record<string, unknown>, path: readonly string[]): void {
    if (value['additionalProperties'] !== false) {
      if (Object.keys(out['properties'] ?? {}).length === 0) {
        throw new SchemaRefused(
          path,
          'an object with free property names cannot be enforced by the Claude API; name its properties.',
        );
      }
      this.changed = true;
      if (value['additionalProperties'] !== undefined) this.weaker = true;
    }
    out['additionalProperties'] = false;
  }

  #each(part: unknown, path: readonly string[]): Record<string, unknown> {
    if (!isSchema(part)) throw new SchemaRefused(path, 'expected an object of schemas.');
    return Object.fromEntries(Object.entries(part).map(([name, schema]) => [name, this.node(schema, [...path, name])]));
  }

  #list(part: unknown, path: readonly string[]): unknown[] {
    if (!Array.isArray(part) || part.length === 0) throw new SchemaRefused(path, 'expected a list of schemas.');
    return part.map((schema, index) => this.node(schema, [...path, String(index)]));
  }

  #local(part: unknown, path: readonly string[]): unknown {
    if (typeof part === 'string' && targetOf(this.#root, part) !== undefined) return part;
    throw new SchemaRefused(path, 'a reference must lead to a place in the schema itself.');
  }

  #renamed(key: string): string {
    this.weaker = this.changed = true;
    return key;
  }
}

interface Keyword {
  readonly key: string;
  readonly part: unknown;
  readonly path: readonly string[];
  readonly type: unknown;
  readonly out: Record<string, unknown>;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (schema: Schema, path: readonly string[]): unknown => {
  if (schema['type'] !== undefined) return schema['type'];
  if (schema['properties'] !== undefined) return 'object';
  if (schema['items'] !== undefined) return 'array';
  if (['$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const'].some((key) => schema[key] !== undefined)) return undefined;
  throw new SchemaRefused(path, 'a schema without a type cannot be enforced by the Claude API.');
};

const includesType = (type: unknown, name: string): boolean =>
  type === name || (Array.isArray(type) && type.includes(name));

const primitives = (part: unknown, path: readonly string[]): unknown => {
  const values: readonly unknown[] = Array.isArray(part) ? part : [part];
  if (values.some((value) => typeof value === 'object' && value !== null)) {
    throw new SchemaRefused(path, 'only strings, numbers, booleans and null can be listed as values.');
  }
  return part;
};
