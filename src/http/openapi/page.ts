/** The OpenAPI document as a page: one HTML document without scripts, and its stylesheet. */
import { html } from 'hono/html';
import type { OpenApiDocument, Operation, Parameter } from './document.ts';

type Html = ReturnType<typeof html>;

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

export const documentPage = (document: OpenApiDocument): Html => {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Shown => ({ path, method, operation })),
  );
  const shown = all.filter(({ operation }) => operation['x-alias-of'] === undefined);
  const tags = [
    ...Map.groupBy(
      shown,
      ({
        operation: {
          tags: [tag],
        },
      }) => tag,
    ),
  ];
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>API · Claude proxy</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <main>
          <h1>${document.info.title} ${document.info.version}</h1>
          <p>${document.info.description}</p>
          <p>For programs: <a href="/openapi.json">/openapi.json</a></p>
          <nav aria-label="Parts of the API">
            <ul>
              ${tags.map(([tag]) => html`<li><a href="#${tag}">${tag}</a></li>`)}
            </ul>
          </nav>
          ${tags.map(
            ([tag, operations]) =>
              html`<section id="${tag}" aria-labelledby="title-${tag}">
                <h2 id="title-${tag}">${tag}</h2>
                ${operations.map((each) => entry(each, aliasesOf(each, all), schemas))}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
};

const aliasesOf = ({ path, method }: Shown, all: readonly Shown[]): readonly string[] =>
  all.filter((each) => each.method === method && each.operation['x-alias-of'] === path).map((each) => each.path);

const entry = (
  { path, method, operation }: Shown,
  aliases: readonly string[],
  schemas: Readonly<Record<string, unknown>>,
): Html => html`
  <details>
    <summary>
      <code><b>${method.toUpperCase()}</b> ${path}</code> <span>${operation.summary}</span>
    </summary>
    ${operation.description === undefined ? '' : html`<p>${operation.description}</p>`}
    ${aliases.length === 0 ? '' : html`<p>Also at ${aliases.map((alias) => html`<code>${alias}</code> `)}</p>`}
    ${operation.parameters === undefined ? '' : parameters(operation.parameters)}
    ${operation.requestBody === undefined ? '' : body(operation.requestBody, schemas)}
    <h3>Answers</h3>
    <ul>
      ${Object.entries(operation.responses).map(([status, response]) => answer(status, response))}
    </ul>
  </details>
`;

const parameters = (list: readonly Parameter[]): Html => html`
  <h3>Parameters</h3>
  <ul>
    ${list.map(
      ({ name, in: where, schema }) => html`<li><code>${name}</code> in the ${where}: ${schemaText(schema)}</li>`,
    )}
  </ul>
`;

const body = (request: object, schemas: Readonly<Record<string, unknown>>): Html => {
  const ref = /"#\/components\/schemas\/([^"]+)"/u.exec(JSON.stringify(request))?.[1] ?? '';
  return html`<h3>Body</h3>
    <pre tabindex="0" aria-label="Schema of the body">${JSON.stringify(schemas[ref], null, 2)}</pre>`;
};

const answer = (status: string, response: unknown): Html => {
  const {
    description,
    content = {},
    $ref,
  } = response as {
    description?: string;
    content?: Record<string, unknown>;
    $ref?: string;
  };
  const types = Object.keys(content).join(', ');
  if (status === 'default') return html`<li>Errors: ${$ref?.split('/').at(-1) ?? description}</li>`;
  return html`<li><code>${status}</code> ${description}${types === '' ? '' : ` (${types})`}</li>`;
};

const schemaText = (schema: unknown): string => {
  const { type, enum: values } = schema as { type?: string; enum?: readonly string[] };
  return values?.join(' or ') ?? type ?? 'text';
};

export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d0d0d8, #44444c); --soft: light-dark(#f4f4f7, #222228); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: light-dark(#fff, #17171b);
  color: light-dark(#1b1b22, #e8e8ee); overflow-wrap: anywhere; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
a { color: light-dark(#0b57c2, #8db8ff); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 0.75rem; }
summary { padding: 0.5rem 0; cursor: pointer; overflow-wrap: anywhere; }
summary span { margin-left: 0.5rem; }
h3 { font-size: 1rem; margin: 0.75rem 0 0.25rem; }
pre { background: var(--soft); padding: 0.75rem; overflow: auto; max-height: 30rem; border-radius: 6px; }
code { font-size: 0.95em; }
`;
