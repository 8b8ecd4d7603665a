/**
 * The OpenAPI document, made from the table of routes and the zod schemas that read requests. Answers in the shape of
 * other vendors' APIs are described by those.
 */
import { z } from 'zod';
import type { Dialect } from '../../dialects/dialect.ts';
import { errorCodes, statusOf, TurnError } from '../../turn/errors.ts';
import { plainErrorSchema } from '../admin/guard.ts';
import { isAdminPath } from '../admin/routes.ts';
import { isDashboardPath } from '../dashboard/routes.ts';
import type { Route } from '../routes.ts';
import { describeAction, type ActionDescription } from './actions.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Json;
  readonly responses: Json;
  readonly security?: readonly [];
  /** The path that this one is another name of. */
  readonly 'x-alias-of'?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: unknown;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly [member: string]: unknown;
}

interface Options {
  readonly version: string;
  readonly isOpen: (path: string) => boolean;
}

export const createOpenApi = (table: readonly Route[], { version, isOpen }: Options): OpenApiDocument => {
  const schemas = new Schemas();
  const dialects = [...new Set(table.flatMap((route) => route.dialects))];
  const [serversOwn] = dialects;
  const errors = (route: Route): readonly string[] => {
    if (isAdminPath(route.path)) return ['admin'];
    const speaking =
      route.dialects.length > 0 ? route.dialects : [serversOwn].filter((dialect) => dialect !== undefined);
    return speaking.map(({ name }) => name);
  };
  const rows = table.map((route) => {
    const open = isOpen(route.path) || isDashboardPath(route.path);
    return [openApiPath(route.path), route.method.toLowerCase(), operation(route, { schemas, open, errors })] as const;
  });
  const paths = Object.fromEntries(
    [...Map.groupBy(rows, ([path]) => path)].map(([path, operations]) => [
      path,
      Object.fromEntries(operations.map(([, method, described]) => [method, described])),
    ]),
  );
  return {
    openapi: '3.1.0',
    info: { title: 'opencode-claude-proxy', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { 'x-api-key': [] }, { 'api-key': [] }],
    tags: [...new Set(rows.map(([, , { tags }]) => tags[0]))].map((name) => ({ name })),
    paths,
    components: { schemas: schemas.all, responses: errorResponses(dialects), securitySchemes: SECURITY_SCHEMES },
  };
};

const DESCRIPTION =
  'Claude behind the APIs of OpenAI, Anthropic and Ollama. Request bodies are described by the schemas that read ' +
  'them: other members may be there, and docs/COMPATIBILITY.md says what becomes of each.';

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer' },
  'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key' },
  'api-key': { type: 'apiKey', in: 'header', name: 'api-key' },
} as const;

/** Each zod schema once, named after the first operation that has it. */
class Schemas {
  readonly all: Record<string, Json> = {};
  readonly #names = new Map<z.ZodType, string>();

  refTo(schema: z.ZodType, name: string): Json {
    const known = this.#names.get(schema) ?? name;
    this.#names.set(schema, known);
    this.all[known] ??= jsonSchema(schema);
    return { $ref: `#/components/schemas/${known}` };
  }
}

const jsonSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return described;
};

interface Around {
  readonly schemas: Schemas;
  readonly open: boolean;
  readonly errors: (route: Route) => readonly string[];
}

const operation = (route: Route, { schemas, open, errors }: Around): Operation => {
  const { method, path, aliasOf, body, role } = route;
  const described = describeAction(route.action);
  const id = operationId(method, path);
  const description = [
    described.description,
    role === 'admin' && 'Needs a key with the role admin.',
    aliasOf !== undefined && `The same as ${method} ${openApiPath(aliasOf)}.`,
  ].filter((sentence) => typeof sentence === 'string');
  const parameters = [...pathParameters(path), ...queryParameters(route.query ?? described.query)];
  return {
    operationId: id,
    tags: [tagOf(route)],
    summary: described.summary,
    ...(description.length > 0 && { description: description.join(' ') }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemas.refTo(body, id) } } },
    }),
    responses: { ...answers(route, described), default: errorOf(errors(route)) },
    ...(open && { security: [] as const }),
    ...(aliasOf !== undefined && { 'x-alias-of': openApiPath(aliasOf) }),
  };
};

const tagOf = ({ path, dialects: [first, ...others] }: Route): string => {
  if (first !== undefined) return others.length === 0 ? first.name : 'models';
  if (isAdminPath(path)) return 'admin';
  return isDashboardPath(path) ? 'dashboard' : 'server';
};

/** `/models/:id{.+}` is `/models/{id}`. */
const openApiPath = (path: string): string => path.replace(/:(\w+)(?:\{[^{}]*\})?/gu, '{$1}').replace(/\*$/u, '{path}');

const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...openApiPath(path).split(/[^\w-]+/u)].filter((part) => part !== '').join('_');

const pathParameters = (path: string): readonly Parameter[] =>
  [...openApiPath(path).matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const queryParameters = (query: z.ZodObject | undefined): readonly Parameter[] => {
  const properties = query === undefined ? {} : (jsonSchema(query)['properties'] as Json);
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
};

const answers = ({ method, dialects: [dialect] }: Route, { answer = 'json', status = '200' }: ActionDescription) => {
  const text = { schema: { type: 'string' } };
  const json = { 'application/json': { schema: { type: 'object' } } };
  switch (answer) {
    case 'json':
      return { [status]: { description: 'The answer', content: json } };
    case 'turn': {
      const stream = dialect?.streamFormat === 'ndjson' ? 'application/x-ndjson' : 'text/event-stream';
      return { [status]: { description: 'The answer, or its stream', content: { ...json, [stream]: text } } };
    }
    case 'page':
      return method === 'GET'
        ? { 200: { description: 'A page', content: { 'text/html': text } } }
        : { 303: { description: 'Done; `Location` is the page to show' } };
    case 'text':
      return { 200: { description: 'The figures', content: { 'text/plain': text } } };
    case 'css':
      return { 200: { description: 'The stylesheet', content: { 'text/css': text } } };
    default:
      return answer satisfies never;
  }
};

const errorOf = (names: readonly string[]): Json => {
  const [first = ''] = names;
  if (names.length === 1) return { $ref: `#/components/responses/error-${first}` };
  return {
    description: 'An error, in the shape of the API that the request is in',
    content: {
      'application/json': {
        schema: {
          anyOf: names.map((name) => ({
            $ref: `#/components/responses/error-${name}/content/application~1json/schema`,
          })),
        },
      },
    },
  };
};

const errorResponses = (dialects: readonly Dialect[]): Json => {
  const schemas = [
    ...dialects.map(({ name, errorSchema }) => [name, errorSchema] as const),
    ['admin', plainErrorSchema] as const,
  ];
  const byStatus = Map.groupBy(errorCodes, (code) => statusOf(new TurnError(code, '')));
  const statuses = [...byStatus]
    .toSorted(([a], [b]) => a - b)
    .map(([status, codes]) => `${status}: ${codes.join(', ')}`);
  return Object.fromEntries(
    schemas.map(([name, schema]) => [
      `error-${name}`,
      {
        description: `An error as ${name} has it. What can go wrong, by status: ${statuses.join('; ')}.`,
        content: { 'application/json': { schema: jsonSchema(schema) } },
      },
    ]),
  );
};
