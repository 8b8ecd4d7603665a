/** A call to a process fails when the process ends, and after a time limit. */
import { TurnError } from '../../../../turn/errors.ts';
import type { Child, End } from '../child/child.ts';
import { errorOfEnd } from '../child/end-errors.ts';

export class Guard {
  readonly #child: Child;
  readonly #timeoutMs: number;
  readonly #calling = new Set<(end: End) => void>();
  #end: End | undefined;

  constructor(child: Child, timeoutMs: number) {
    this.#child = child;
    this.#timeoutMs = timeoutMs;
    void child.ended.then((end) => {
      this.#end = end;
      for (const fail of this.#calling) fail(end);
    });
  }

  /** The value of `work`; throws `engine_died` where the process ends, refuses or takes too long, and ends it then. */
  async inTime<T>(work: Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    const failed = Promise.withResolvers<never>();
    const fail = (end: End): void => failed.reject(errorOfEnd(end));
    const timer = setTimeout(() => {
      this.#child.kill('hung');
      fail({ reason: 'hung', code: null, signal: null });
    }, timeoutMs);
    if (this.#end !== undefined) fail(this.#end);
    this.#calling.add(fail);
    work.catch(() => undefined);
    try {
      return await Promise.race([work, failed.promise]);
    } catch (error) {
      // The SDK reports the end of a process with its own error, a moment before or after this code notices it.
      if (error instanceof TurnError) throw error;
      if (await this.#child.endsSoon()) throw errorOfEnd(await this.#child.ended);
      throw this.refused(error);
    } finally {
      clearTimeout(timer);
      this.#calling.delete(fail);
    }
  }

  /** After a refused control call the state of the process is unknown, so it ends. */
  refused(cause: unknown): TurnError {
    this.#child.kill('failed');
    return new TurnError('engine_died', 'Claude Code refused a control call.', { cause });
  }
}
