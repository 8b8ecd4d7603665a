/**
 * `Admin` for the dashboard in the Worker: it asks the HTTP API of `/admin` in the containers, so that no page is ever
 * forwarded, and a container needs no login.
 */
import { z } from 'zod';
import type { Admin, ShownTurns } from '../../http/admin/admin.ts';
import type { EngineProcess } from '../../turn/engine.ts';
import { errorCodes, TurnError, type ErrorCode } from '../../turn/errors.ts';

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

export interface AskAdmin {
  /** Any server, over the database that all share; it wakes for it. */
  readonly anywhere: (request: AdminRequest) => Promise<Response>;
  /** Every server that is awake; none wakes for it. */
  readonly everyAwake: (request: AdminRequest) => Promise<readonly Response[]>;
  /** The server that runs a turn. */
  readonly whereItRuns: (request: AdminRequest) => Promise<Response>;
}

/** Throws the errors that the servers answer. */
export const remoteAdmin = ({ anywhere, everyAwake, whereItRuns }: AskAdmin): Admin => {
  const get = async <Value>(path: string, query: object = {}): Promise<Value> =>
    valueOf(await anywhere({ method: 'GET', path: path + searchOf(query) }));
  const ofAllAwake = async <Value>(path: string): Promise<readonly Value[]> =>
    Promise.all((await everyAwake({ method: 'GET', path })).map((response) => valueOf<Value>(response)));
  return {
    keys: async ({ revoked }) => (await get<List<'keys'>>('/admin/keys', { revoked: revoked ? 1 : 0 })).keys,
    key: async (id) => (await get<Key>(keyPath(id))).key,
    createKey: async (body) => valueOf(await anywhere({ method: 'POST', path: '/admin/keys', body })),
    changeKey: async (id, body) =>
      (await valueOf<Key>(await anywhere({ method: 'PATCH', path: keyPath(id), body }))).key,
    revokeKey: async (id) => {
      await valueOf(await anywhere({ method: 'DELETE', path: keyPath(id) }));
    },
    usage: async (query) => (await get<List<'usage', 'totals'>>('/admin/usage', query)).totals,
    sessions: async (query) => (await get<List<'sessions'>>('/admin/usage/sessions', query)).sessions,
    blocks: async (query) => (await get<List<'blocks'>>('/admin/usage/blocks', query)).blocks,
    requests: (query) => get('/admin/requests', query),
    request: (id) => get(`/admin/requests/${encodeURIComponent(id)}`),
    limits: () => get('/admin/limits'),
    models: () => get('/admin/models'),
    turns: async () => together(await ofAllAwake<ShownTurns>('/admin/turns')),
    processes: async () =>
      (await ofAllAwake<{ processes: readonly EngineProcess[] }>('/admin/processes')).flatMap(
        ({ processes }) => processes,
      ),
    cancelTurn: async (id) => {
      await valueOf(await whereItRuns({ method: 'DELETE', path: `/admin/turns/${encodeURIComponent(id)}` }));
    },
    health: () => get('/admin/health'),
  };
};

/** What a list comes in: `{ keys: […] }`. */
type List<Method extends keyof Admin, Name extends string = Method> = {
  readonly [Each in Name]: Awaited<ReturnType<Admin[Method]>>;
};
type Key = { readonly key: Awaited<ReturnType<Admin['key']>> };

const keyPath = (id: string): string => `/admin/keys/${encodeURIComponent(id)}`;

const searchOf = (query: object): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search.toString()}`;
};

const together = (each: readonly ShownTurns[]): ShownTurns => ({
  running: each.reduce((sum, { running }) => sum + running, 0),
  queued: each.reduce((sum, { queued }) => sum + queued, 0),
  turns: each.flatMap(({ turns }) => turns).toSorted((a, b) => a.since - b.since),
});

const valueOf = async <Value>(response: Response): Promise<Value> => {
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as Value;
  throw errorOf(response, text);
};

/** Of `/admin`, or in some dialect from an instance whose container could not be asked. */
const errorBody = z.object({
  error: z.object({
    code: z.string().optional(),
    message: z.string(),
    param: z.string().nullish(),
  }),
});

const errorOf = ({ status, headers }: Response, text: string): TurnError => {
  const parsed = errorBody.safeParse(jsonOrNothing(text));
  const { code, message, param } = parsed.data?.error ?? { message: `The server answered ${status}.` };
  const wait = Number(headers.get('retry-after') ?? '');
  return new TurnError(isCode(code) ? code : 'engine_unavailable', message, {
    ...(typeof param === 'string' && { param }),
    ...(wait > 0 && { retryAfterSeconds: wait }),
  });
};

const isCode = (code: string | undefined): code is ErrorCode => (errorCodes as readonly unknown[]).includes(code);

const jsonOrNothing = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
