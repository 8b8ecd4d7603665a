/** The OpenAPI document: valid, and of the table of routes, the whole table and nothing else. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dialects } from '../../src/dialects/index.ts';
import { plainError, plainErrorSchema } from '../../src/http/admin/guard.ts';
import { createRouteTable } from '../../src/http/routes.ts';
import { errorCodes, TurnError } from '../../src/turn/errors.ts';
import { setUpApp } from './set-up.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly security?: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties: object }>> };
}

const get = async (path: string): Promise<Response> => {
  const { app } = await setUpApp({ keys: ['right'] });
  return app.request(path);
};

const readDocument = async (): Promise<Document> => (await (await get('/openapi.json')).json()) as Document;

describe('GET /openapi.json', () => {
  it('needs no key and is valid OpenAPI 3.1', async () => {
    const response = await get('/openapi.json');
    expect(response.status).toBe(200);
    const result = await new Validator().validate((await response.json()) as Record<string, unknown>);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it('has every route of the table, and nothing else', async () => {
    const { paths } = await readDocument();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const table = createRouteTable(dialects).map(
      ({ method, path }) => `${method} ${path.replace(/:(\w+)(\{.*?\})?(?=\/|$)/gu, '{$1}').replace(/\*$/u, '{path}')}`,
    );
    expect(described.toSorted()).toEqual(table.toSorted());
  });

  it('names each operation once, and each reference in it leads somewhere', async () => {
    const document = await readDocument();
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, pointer = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/gu)) {
      const keys = pointer.split('/').map((key) => key.replaceAll('~1', '/'));
      const target = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, pointer).toBeTypeOf('object');
    }
  });

  it('describes bodies and queries by the schemas that read them', async () => {
    const { paths, components } = await readDocument();
    const bodyOf = (path: string, method = 'post') => {
      const ref = paths[path]?.[method]?.requestBody?.content['application/json']?.schema.$ref ?? '';
      return Object.keys(components.schemas[ref.split('/').at(-1) ?? '']?.properties ?? {});
    };
    expect(bodyOf('/v1/chat/completions')).toEqual(expect.arrayContaining(['messages', 'reasoning_effort', 'tools']));
    expect(bodyOf('/openai/v1/chat/completions')).toEqual(bodyOf('/v1/chat/completions'));
    expect(bodyOf('/v1/messages')).toEqual(expect.arrayContaining(['messages', 'thinking', 'output_config']));
    expect(bodyOf('/v1/responses')).toEqual(expect.arrayContaining(['input', 'previous_response_id', 'store']));
    expect(bodyOf('/api/chat')).toEqual(expect.arrayContaining(['think', 'keep_alive']));
    expect(bodyOf('/admin/keys')).toEqual(['name', 'role', 'limits', 'aliases', 'allowedModels', 'expiresAt']);
    expect(bodyOf('/admin/keys/{id}', 'patch')).toContain('limits');
    const queries = paths['/admin/requests']?.['get']?.parameters?.map(({ name }) => name);
    expect(queries).toEqual(expect.arrayContaining(['from', 'key', 'limit', 'cursor']));
    const posts = Object.entries(paths).filter(
      ([path, { post }]) => post !== undefined && !/dashboard|cancel/u.test(path),
    );
    for (const [path] of posts) expect(bodyOf(path), path).not.toEqual([]);
  });

  it('says which routes need no key', async () => {
    const { paths } = await readDocument();
    expect(paths['/live']?.['get']?.security).toEqual([]);
    expect(paths['/metrics']?.['get']?.security).toBeUndefined();
  });
});

describe('errors', () => {
  const errors = errorCodes.map((code) => new TurnError(code, 'No.', { param: 'a.b', retryAfterSeconds: 3 }));

  it.each(dialects)('of $name have the shape that the document has', (dialect) => {
    const strict = strictly(dialect.errorSchema);
    for (const error of errors) strict.parse(dialect.renderError(error, 'req_1').body);
  });

  it('of /admin too', () => {
    for (const error of errors) strictly(plainErrorSchema).parse(plainError(error, 'req_1'));
  });
});

/** Members that the schema does not have are errors. */
const strictly = (schema: z.ZodType): z.ZodType => (schema instanceof z.ZodObject ? schema.strict() : schema);

describe('GET /docs', () => {
  it('shows each operation under its main path, without scripts or anything from elsewhere', async () => {
    const response = await get('/docs');
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|style="|https?:\/\//u);
    for (const path of [
      '/v1/chat/completions',
      '/v1/messages',
      '/v1/responses',
      '/api/chat',
      '/admin/keys',
      '/metrics',
    ])
      expect(page).toContain(`</b> ${path}<`);
    expect(page).toContain('Also at <code>/chat/completions</code>');
    const style = await get('/docs/style.css');
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });
});
