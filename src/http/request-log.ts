/** One log line a request, written when its body has ended. Never bodies, never keys, never query strings. */
import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './context.ts';
import type { Services } from './services.ts';

export class RequestLog {
  readonly #fields: Record<string, unknown>;
  readonly #startedAt: number;
  readonly #services: Pick<Services, 'clock' | 'log'>;
  readonly #whenEnded: (() => void)[] = [];
  #bodyFollows = false;

  constructor(fields: object, services: Pick<Services, 'clock' | 'log'>) {
    this.#fields = { ...fields };
    this.#services = services;
    this.#startedAt = services.clock.now();
  }

  add(fields: object): void {
    Object.assign(this.#fields, fields);
  }

  /** Called when the answer has ended, however it did. */
  whenEnded(then: () => void): void {
    this.#whenEnded.push(then);
  }

  /** The body is a stream: whoever ends it calls `end`. */
  bodyFollows(): void {
    this.#bodyFollows = true;
  }

  headersSent(status: number): void {
    this.add({ status });
    if (!this.#bodyFollows) this.end();
  }

  end(): void {
    const { clock, log } = this.#services;
    this.add({ ms: clock.now() - this.#startedAt });
    log.info(this.#fields, 'request');
    for (const then of this.#whenEnded.splice(0)) then();
  }
}

/** Gives the request its id, its log line, and the headers that every answer carries. */
export const traceRequests =
  (services: Pick<Services, 'clock' | 'log'> & { settings: { behindWorker?: boolean } }): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const given = services.settings.behindWorker === true ? c.req.header('x-request-id') : undefined;
    const id = given ?? `req_${crypto.randomUUID().replaceAll('-', '')}`;
    const requestLog = new RequestLog(
      { id, method: c.req.method, path: c.req.path.slice(0, 200), dialect: c.get('dialect').name },
      services,
    );
    c.set('requestId', id);
    c.set('signal', c.req.raw.signal);
    c.set('requestLog', requestLog);
    await next();
    c.header('x-request-id', id);
    c.header('x-content-type-options', 'nosniff');
    requestLog.headersSent(c.res.status);
  };
