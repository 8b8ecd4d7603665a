/**
 * Watches what turns show of the login. One that the API refuses is the proxy's, which a client cannot see: the
 * error says so, the log has it once, and health is degraded until a turn succeeds. And no error or reason that
 * comes out of the engine repeats a secret, whatever the upstream wrote.
 */
import { TurnError, type ErrorCode } from '../../turn/errors.ts';
import type { Engine, EngineHealth, EngineProcess } from '../../turn/engine.ts';
import type { RateLimit, TurnEvent } from '../../turn/events.ts';
import type { Turn } from '../../turn/turn.ts';
import type { Log } from '../../util/log.ts';
import type { Redact } from '../../util/redact.ts';
import type { LoginAdvice } from './login-advice.ts';

export interface LoginWatch {
  readonly advice: LoginAdvice;
  readonly log: Log;
  readonly redact: Redact;
}

export const watchLogin = (engine: Engine, watch: LoginWatch): Engine => new WatchedEngine(engine, watch);

class WatchedEngine implements Engine {
  readonly #engine: Engine;
  readonly #watch: LoginWatch;
  /** Why turns fail for all callers; undefined once one has succeeded. */
  #problem: string | undefined;

  constructor(engine: Engine, watch: LoginWatch) {
    this.#engine = engine;
    this.#watch = watch;
  }

  get name(): Engine['name'] {
    return this.#engine.name;
  }

  get abilities(): Engine['abilities'] {
    return this.#engine.abilities;
  }

  get maxTurns(): number {
    return this.#engine.maxTurns ?? Number.POSITIVE_INFINITY;
  }

  run(turn: Turn, signal: AbortSignal): AsyncIterable<TurnEvent> {
    const events = this.#engine.run(turn, signal)[Symbol.asyncIterator]();
    // Not a generator: one more of them would cost every token of every answer.
    const watched: AsyncIterator<TurnEvent> = {
      next: () => events.next().then(this.#began, this.#failed),
      return: async () => (await events.return?.()) ?? { done: true, value: undefined },
    };
    return { [Symbol.asyncIterator]: () => watched };
  }

  async countTokens(turn: Turn, signal: AbortSignal): Promise<number> {
    return this.#engine.countTokens(turn, signal).catch(this.#failed);
  }

  models(): ReturnType<Engine['models']> {
    return this.#engine.models();
  }

  start(): void {
    this.#engine.start?.();
  }

  onLimits(listener: (limits: readonly RateLimit[]) => void): void {
    this.#engine.onLimits?.(listener);
  }

  processes(): readonly EngineProcess[] {
    return this.#engine.processes?.() ?? [];
  }

  health(): EngineHealth {
    const { reason, ...health } = this.#engine.health();
    return {
      ...health,
      ...(reason !== undefined && { reason: this.#watch.redact(reason) }),
      ...(this.#problem !== undefined && { degraded: this.#problem }),
    };
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  /** An answer that begins shows that the API takes the login. */
  readonly #began = (next: IteratorResult<TurnEvent>): IteratorResult<TurnEvent> => {
    if (this.#problem !== undefined && next.done !== true && next.value.type === 'message_start') {
      this.#problem = undefined;
      this.#watch.log.info({ login: this.#watch.advice.name }, 'the login works again');
    }
    return next;
  };

  readonly #failed = (thrown: unknown): never => {
    if (!(thrown instanceof TurnError)) throw thrown;
    const failure = redacted(thrown, this.#watch.redact);
    const error = problemOfLogin(failure, this.#watch.advice);
    if (error === undefined) throw failure;
    if (this.#problem !== error.message)
      this.#watch.log.error({ code: error.code, login: this.#watch.advice.name }, error.message);
    this.#problem = error.message;
    throw error;
  };
}

/** The same error without secrets; its cause is for the log only, which takes them out by itself. */
const redacted = (error: TurnError, redact: Redact): TurnError => {
  const { code, message, param, retryAfterSeconds, details, cause } = error;
  const before = JSON.stringify([message, details]);
  if (redact(before) === before) return error;
  return new TurnError(code, redact(message), {
    ...(param !== undefined && { param }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(details !== undefined && { details: JSON.parse(redact(JSON.stringify(details))) as Record<string, unknown> }),
    ...(cause !== undefined && { cause }),
  });
};

const WHAT: Partial<Record<ErrorCode, (advice: LoginAdvice) => string>> = {
  upstream_authentication: ({ name, refusedBy }) => `The proxy's own login (${name}) was refused by ${refusedBy}`,
  upstream_billing: ({ name, refusedBy }) =>
    `The account of the proxy's own login (${name}) was refused by ${refusedBy}`,
  not_logged_in: ({ name }) => `The proxy's own login (${name}) is not there any more`,
};

/**
 * The error with advice for the proxy's owner; undefined where the login is not at fault. Waiting does not help, so
 * there is no `retry-after`.
 */
const problemOfLogin = ({ code, message, details, cause }: TurnError, advice: LoginAdvice): TurnError | undefined => {
  const what = WHAT[code];
  if (what === undefined) return undefined;
  const why = code === 'not_logged_in' ? '' : `: ${message.replace(/[.\s]+$/u, '')}`;
  return new TurnError(code, `${what(advice)}${why}. On the server: ${advice.remedy}.`, {
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  });
};
