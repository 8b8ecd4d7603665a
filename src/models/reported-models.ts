/** The models of the engine's account, refreshed when the list is old. */
import type { Engine, EngineModel } from '../turn/engine.ts';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { within } from '../util/timer.ts';

/** How long requests wait for the engine's first list; after that they are resolved without it. */
const patienceMs = 5_000;
/** How long a list counts as fresh. */
const lifetimeMs = 3_600_000;
/** When to ask again after a failure. */
const afterFailureMs = 60_000;

interface Parts {
  readonly log: Pick<Log, 'warn'>;
  readonly clock: Clock;
}

/** One request at a time; all who wait share it. */
export class ReportedModels {
  models: readonly EngineModel[] = [];
  readonly #engine: Pick<Engine, 'models'>;
  readonly #parts: Parts;
  #has = false;
  #failed = false;
  #dueAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<unknown> | undefined;

  constructor(engine: Pick<Engine, 'models'>, parts: Parts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  /** Waits only where there is no list at all. */
  async known(): Promise<void> {
    if (this.#parts.clock.elapsed() < this.#dueAt) return;
    const asking = this.#ask();
    if (!this.#has) await asking;
  }

  /** Waits for a fresh list where the current one is old or missing. */
  async asNewAsPossible(): Promise<void> {
    if (!this.#has || this.#parts.clock.elapsed() >= this.#dueAt) await this.#ask();
  }

  /** Settles with the answer, or after `patienceMs`; the answer may still come later. */
  #ask(): Promise<unknown> {
    this.#asking ??= within(
      this.#load().finally(() => (this.#asking = undefined)),
      patienceMs,
      this.#parts.clock,
    );
    return this.#asking;
  }

  async #load(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      this.models = await this.#engine.models();
      this.#has = true;
      this.#failed = false;
      this.#dueAt = clock.elapsed() + lifetimeMs;
    } catch (error) {
      if (!this.#failed) log.warn({ err: error }, `the engine cannot list its models; ${this.#instead()}`);
      this.#failed = true;
      this.#dueAt = clock.elapsed() + afterFailureMs;
    }
  }

  #instead(): string {
    return this.#has ? 'the last list stays in use' : 'until it does, only the built-in names are known';
  }
}
