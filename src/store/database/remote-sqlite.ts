/**
 * A SQLite behind a request: how the server in a container uses the database of a Durable Object. A batch is one
 * request, so it is whole or not at all there too. Whoever can send these requests can do anything with the database:
 * the address must be one that only the server reaches.
 */
import { z } from 'zod';
import type { Database, DatabaseLimits } from './database.ts';
import { sqliteDatabase, type SqliteConnection, type SqliteResult } from './sqlite-dialect.ts';

const value = z.union([z.string(), z.number(), z.null()]);

const requestBody = z.object({
  statements: z.array(z.object({ sql: z.string(), parameters: z.array(value) })).min(1),
});

const resultBody = z.object({
  results: z.array(z.object({ rows: z.array(z.record(z.string(), value)), changes: z.number() })),
});

const errorBody = z.object({ error: z.string() });

/** `send` posts the JSON to wherever `answerSqlite` is. */
export const openRemoteSqlite = (send: (json: string) => Promise<Response>, limits: DatabaseLimits): Database =>
  sqliteDatabase({
    main: {
      run: async (statements) => resultsOf(await send(JSON.stringify({ statements }))),
      close: () => Promise.resolve(),
    },
    limits,
  });

/** Runs what a request holds: 200 with the results, 400 for a body that is none, 422 with the database's own error. */
export const answerSqlite = async (connection: SqliteConnection, request: Request): Promise<Response> => {
  const body = requestBody.safeParse(await request.json().catch(() => undefined));
  if (!body.success) return Response.json({ error: 'The body is no list of statements.' }, { status: 400 });
  try {
    return Response.json({ results: await connection.run(body.data.statements) });
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 422 });
  }
};

const resultsOf = async (response: Response): Promise<readonly SqliteResult[]> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return resultBody.parse(body).results;
  const refused = errorBody.safeParse(body);
  throw new Error(refused.success ? refused.data.error : `The database answered with status ${response.status}.`);
};
