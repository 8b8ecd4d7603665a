/**
 * A server that listens before it knows its settings: on Cloudflare they and the login come after
 * the start, over `/internal/bootstrap`, and so are in no environment that other programs could read.
 * The caller proves itself by `BOOTSTRAP_KEY`, the one secret in the environment, made for this start.
 */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { Hono } from 'hono';
import { z } from 'zod';
import { createKeyRing, presentedKeys } from '../access/keys.ts';
import { CONVERSATIONS_HEADER, DATABASE_HEADER, INTERNAL_HEADER, withEndMark } from '../http/answer/end-mark.ts';
import { HEAD_HEADER, withLateHead } from '../http/answer/late-head.ts';
import { DatabaseChannel } from './database/database-channel.ts';
import { createStore } from './store.ts';
import { systemClock } from '../util/clock.ts';
import type { HttpEnv } from '../http/context.ts';
import { readBody } from '../http/request/body.ts';
import { parseConfig, type Environment } from './config.ts';
import { createLog } from './log.ts';
import { secretsOf } from './login/secrets.ts';
import { createRedactor } from '../util/redact.ts';
import { prepare, type Running } from './run.ts';
import { StartError } from './start-error.ts';
import { composeServer, serve, type ComposedServer, type ServerParts } from './server.ts';
import { credentialsFile, placeCredentials, stateDirs, stateRoot } from './state.ts';

/** Loose: the Worker may be newer than this server. */
const bootstrapBody = z.looseObject({
  settings: z.record(z.string(), z.string()),
  /** Text of Claude Code's credentials file. */
  credentials: z.string().optional(),
  /** The Worker serves the database that its instances share. */
  database: z.boolean().optional(),
});
const credentialsBody = z.looseObject({ credentials: z.string() });

type Bootstrap = z.output<typeof bootstrapBody>;

type PrepareParts = (env: Environment) => Promise<{ readonly parts: ServerParts }>;

/**
 * Listens at once. `prepareParts` makes the server once the settings are here. Throws `StartError` for a wrong
 * environment.
 */
export const runBootstrapped = async (
  env: Environment,
  prepareParts: PrepareParts = prepare,
): Promise<Pick<Running, 'server' | 'log' | 'about'>> => {
  const own = parseConfig({ HOST: env['HOST'], PORT: env['PORT'], PROXY_API_KEY: 'checked behind the Worker' });
  if (!own.ok) throw new StartError(own.problems.join('\n'));
  const front = new BootstrapServer(env, prepareParts);
  const log = createLog(own.config, createRedactor(secretsOf(env)));
  const server = await serve(await front.compose(), own.config, { log });
  return { server, log, about: ['Waiting for settings on /internal/bootstrap.'] };
};

/** Answers to statements: a page of the ledger, or the history of a stored response. */
const STATEMENT_ANSWERS = { settings: { maxBodyBytes: 128 * 1024 * 1024 } };
const MOST_TAKEN = 10_000;

class BootstrapServer {
  readonly #env: Environment;
  readonly #prepareParts: PrepareParts;
  #settings: Bootstrap['settings'] | undefined;
  #inner: Promise<ComposedServer> | undefined;
  #ready: ComposedServer | undefined;
  #draining = false;
  readonly #database = new DatabaseChannel();
  /** Ids of the last requests that were taken: one that comes again may have been paid already. */
  readonly #taken = new Set<string>();

  constructor(env: Environment, prepareParts: PrepareParts) {
    this.#env = env;
    this.#prepareParts = prepareParts;
  }

  async compose(): Promise<ComposedServer> {
    const internal = await this.#internalRoutes();
    return {
      fetch: async (request, ...rest) => {
        const { pathname } = new URL(request.url);
        if (this.#ready === undefined || pathname.startsWith('/internal/')) return internal.fetch(request, ...rest);
        const ready = this.#ready;
        const answer = async (): Promise<Response> => this.#marked(request, ready, await ready.fetch(request, ...rest));
        return request.headers.get(HEAD_HEADER) === 'late' ? this.#late(request, answer) : answer();
      },
      drain: async () => {
        this.#draining = true;
        await (await this.#inner)?.drain();
      },
      close: async () => {
        await (await this.#inner)?.close();
        this.#database.close();
      },
      conversations: () => this.#ready?.conversations() ?? 0,
    };
  }

  // The Worker keeps new requests back from a server that is ending, and must not take its refusal for the answer.
  #marked(request: Request, server: ComposedServer, response: Response): Response {
    const refused = this.#draining && response.status === 503;
    const answer = refused ? response : withEndMark(request, response);
    const headers = new Headers(answer.headers);
    headers.set(CONVERSATIONS_HEADER, String(server.conversations()));
    if (refused) headers.set(INTERNAL_HEADER, 'draining');
    return new Response(answer.body, { status: answer.status, headers });
  }

  /** A connection that broke after its headers does not show whether the turn ran, so each request is taken once. */
  #late(request: Request, answer: () => Promise<Response>): Response {
    const id = request.headers.get('x-request-id') ?? '';
    if (this.#taken.has(id)) return new Response(null, { status: 503, headers: { [INTERNAL_HEADER]: 'taken' } });
    this.#taken.add(id);
    const [oldest] = this.#taken;
    if (this.#taken.size > MOST_TAKEN && oldest !== undefined) this.#taken.delete(oldest);
    const refusedOrNot = answer().then((response) => {
      if (response.headers.get(INTERNAL_HEADER) === 'draining') this.#taken.delete(id);
      return response;
    });
    return withLateHead(refusedOrNot);
  }

  // Never 204: after one workerd loses the connection at the next request over it.
  async #internalRoutes(): Promise<Hono<HttpEnv>> {
    const keys = await createKeyRing([this.#env['BOOTSTRAP_KEY'] ?? '']);
    const routes = new Hono<HttpEnv>();
    for (const path of ['/ping', '/live']) routes.get(path, (c) => c.json({ status: 'waiting for settings' }));
    routes.use('/internal/*', async (c, next) => {
      if ((await keys.ownerOf(presentedKeys(c.req.raw.headers))) === undefined) return c.text('wrong key', 401);
      return next();
    });
    routes.post('/internal/bootstrap', async (c) => {
      const body = bootstrapBody.safeParse(await c.req.json());
      return body.success ? this.#bootstrap(body.data) : c.text(z.prettifyError(body.error), 422);
    });
    routes.get('/internal/credentials', async (c) => c.json({ credentials: await this.#readCredentials() }));
    routes.put('/internal/credentials', async (c) => {
      const { credentials } = credentialsBody.parse(await c.req.json());
      await placeCredentials(this.#configDir(), credentials);
      return c.json({ placed: true });
    });
    routes.get('/internal/database', () => this.#database.open());
    routes.post('/internal/database/:id', async (c) => {
      const status = Number(c.req.query('status'));
      const taken = this.#database.answer(
        c.req.param('id'),
        new Response(await readBody(c, STATEMENT_ANSWERS), { status }),
      );
      return c.json({ taken });
    });
    routes.notFound((c) => c.text('waiting for settings', 503));
    return routes;
  }

  /** The same settings again are no news: the Worker asks after each of its own restarts. */
  async #bootstrap({ settings, credentials, database = false }: Bootstrap): Promise<Response> {
    if (this.#settings !== undefined && !isDeepStrictEqual(this.#settings, settings)) {
      return new Response('this server runs with other settings', { status: 409 });
    }
    this.#settings = settings;
    try {
      this.#ready = await (this.#inner ??= this.#start({ settings, credentials, database }));
      return Response.json({ ready: true }, { headers: { [DATABASE_HEADER]: 'wanted' } });
    } catch (error) {
      this.#inner = undefined;
      this.#settings = undefined;
      if (!(error instanceof StartError)) throw error;
      return new Response(error.message, { status: 422 });
    }
  }

  // The Worker has checked hosts and origins; the address in the inner settings is never listened on.
  async #start({ settings, credentials, database }: Bootstrap): Promise<ComposedServer> {
    const { BOOTSTRAP_KEY: key, ...rest } = this.#env;
    const login = credentials === undefined ? {} : { CLAUDE_OAUTH_CREDS: credentials };
    const { parts: prepared } = await this.#prepareParts({
      ...rest,
      // The Worker checks the clients' keys and asks with this one; a Worker from before that sends theirs.
      PROXY_API_KEY: key,
      ...settings,
      ...login,
      HOST: '127.0.0.1',
      ALLOWED_HOSTS: 'container',
    });
    // What a container keeps in its own files is gone when it sleeps: nobody may count on it.
    const { store: unused, ...parts } = prepared;
    await unused?.close();
    const { connect } = this.#database;
    const shared = { stateDir: '', clock: systemClock, log: parts.log, connect };
    const store = database ? { store: createStore(parts.config, shared) } : {};
    const composed = await composeServer({ ...parts, ...store, behindWorker: true });
    parts.engine.start?.();
    return composed;
  }

  async #readCredentials(): Promise<string | null> {
    try {
      return await readFile(credentialsFile(this.#configDir()), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #configDir(): string {
    return stateDirs(stateRoot(this.#settings?.['STATE_DIR'] ?? this.#env['STATE_DIR'] ?? '', this.#env)).configDir;
  }
}
