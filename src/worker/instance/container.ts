/**
 * The life of one container: started once however many wait, checked before it is used, started
 * again when it has died, stopped when it is idle. Over the raw `ctx.container`, because the stock
 * class never sleeps again after a client left before the headers (cloudflare/containers #241, #242).
 */
import { TurnError } from '../../turn/errors.ts';
import { DownError, downReason, type DownReason } from './container-errors.ts';

/** The part of `ctx.container` that is used. */
export interface RawContainer {
  readonly running: boolean;
  start(options: { env: Record<string, string>; enableInternet: boolean }): void;
  monitor(): Promise<void>;
  signal(signo: number): void;
  destroy(): Promise<void>;
  /**
   * How long the platform leaves the program running after this object has left memory; without it, about two minutes.
   */
  setInactivityTimeout(durationMs: number): Promise<void>;
  getTcpPort(port: number): { fetch(input: string, init?: RequestInit): Promise<Response> };
}

export interface ContainerOptions {
  readonly raw: RawContainer;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /**
   * Gives the started program what it needs; `fresh` is a program that nobody has spoken to. Throws `RestartNeeded`, or
   * a `TurnError` for the callers.
   */
  prepare(fresh: boolean, fetch: ContainerFetch): Promise<void>;
  /** Environment of a new program. */
  environment(): Record<string, string>;
  /** Whether answers of the program are open, which one that is ending may finish, for `drainMs`. */
  readonly answering: () => boolean;
  readonly drainMs: number;
  /** How long the program is to outlive this object's time in memory: longer than it may be idle. */
  readonly outliveMs: number;
  /** How long a program that is ending, and answers nobody, may take to do so. */
  readonly endWithinMs: number;
  /** `message`: the platform's words, where it had some. */
  onExit(reason: DownReason, message?: string): void;
  /** Why a program that answers could not be prepared; it is tried again. */
  onTrouble(error: unknown): void;
}

export type ContainerFetch = (path: string, init?: RequestInit) => Promise<Response>;

/** The running program was started with settings that no longer hold. */
export class RestartNeeded extends Error {}

const PORT = 8080;
const SIGTERM = 15;
const POLL_MS = 100;
const RETRY_MS = 1_000;
/** A program that runs and answers nothing for so long is ended. */
const STUCK_MS = 60_000;
/** A start that takes longer fails for those who wait; the next request begins another. */
const GIVE_UP_MS = 150_000;
const PING_MS = 5_000;
/** Attempts in a row that may end in an exit before the callers get an error. */
const CRASHES = 3;
/** After a start that failed, others are better asked for so long. */
const SHUN_MS = 60_000;

export class ContainerLife {
  readonly #options: ContainerOptions;
  #starting: Promise<void> | undefined;
  #watched = false;
  #ready = false;
  #stopping = false;
  #lastExit: DownReason | undefined;
  /** What those who wait are waiting for. */
  #waitingFor: DownReason = 'starting';
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.#watch(); // A program from before this object came into memory.
  }

  get state(): 'asleep' | 'ready' | 'stopping' | DownReason {
    if (this.#ready) return 'ready';
    if (this.#stopping) return 'stopping';
    return this.#starting === undefined ? 'asleep' : this.#waitingFor;
  }

  get running(): boolean {
    return this.#options.raw.running;
  }

  get waitingFor(): DownReason {
    return this.#stopping ? 'stopped' : this.#waitingFor;
  }

  /** Starts are being refused, or the last one failed a moment ago. */
  get failing(): boolean {
    if (this.#starting === undefined) return this.#options.now() - this.#failedAt < SHUN_MS;
    return this.#waitingFor !== 'starting' && this.#waitingFor !== 'stopped';
  }

  readonly fetch: ContainerFetch = (path, init) =>
    this.#options.raw.getTcpPort(PORT).fetch(`http://container${path}`, init);

  /** Resolves when the program can be asked. Everybody who waits shares one start, which goes on when they leave. */
  async ready(): Promise<void> {
    if (this.#ready && this.running) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  /** The program is ending, not by us: a new version is rolled out. It is left alone until it has. */
  leaving(): void {
    this.#ready = false;
    this.#stopping = this.running;
  }

  /** A connection failed: whether the program still answers is found out before it is used again. */
  doubt(): void {
    this.#ready = false;
  }

  /** Asks the program to end; it drains by itself. The caller looks later whether it has, and calls `kill`. */
  stop(): void {
    if (!this.running) return;
    this.#watch();
    this.#ready = false;
    this.#stopping = true;
    this.#options.raw.signal(SIGTERM);
  }

  async kill(): Promise<void> {
    this.#ready = false;
    await this.#options.raw.destroy();
  }

  async #start(): Promise<void> {
    const { now, sleep } = this.#options;
    this.#waitingFor = 'starting';
    for (let since = now(), crashes = 0; ;) {
      const [began, ending] = [now(), this.#stopping];
      const outcome = await this.#attempt();
      if (ending) since += now() - began; // The old program's answers took that time, not the start.
      if (outcome === 'ready') {
        this.#failedAt = Number.NEGATIVE_INFINITY;
        return;
      }
      this.#waitingFor = outcome;
      if (outcome === 'crashed') crashes += 1;
      if (crashes >= CRASHES || now() - since > GIVE_UP_MS) {
        this.#failedAt = now();
        throw new DownError(outcome);
      }
      if (outcome !== 'stopped') await sleep(RETRY_MS);
    }
  }

  /** One start, or one look at what runs already. */
  async #attempt(): Promise<'ready' | DownReason> {
    const fresh = !this.running;
    if (fresh) this.#launch();
    this.#watch();
    const outcome = await this.#answers();
    if (outcome !== 'answers') return outcome;
    try {
      await this.#options.prepare(fresh, this.fetch);
    } catch (error) {
      if (error instanceof TurnError) throw error;
      this.#options.onTrouble(error);
      if (!(error instanceof RestartNeeded)) return 'starting'; // The connection broke: look again.
      this.stop();
      return 'stopped';
    }
    this.#ready = true;
    return 'ready';
  }

  #launch(): void {
    this.#stopping = false;
    this.#lastExit = undefined;
    this.#options.raw.start({ env: this.#options.environment(), enableInternet: true });
  }

  /** Polls until the program answers, or has ended, or is taken for stuck. */
  async #answers(): Promise<'answers' | DownReason> {
    const { now, sleep, answering, drainMs, endWithinMs } = this.#options;
    const began = now();
    for (let since = began; ;) {
      if (!this.#stopping && (await this.#ping())) return 'answers';
      if (!this.running) {
        await sleep(POLL_MS); // The reason of the exit arrives a moment after the exit.
        return this.#lastExit ?? 'crashed';
      }
      if (this.#stopping && answering() && now() - began < drainMs) since = now();
      if (now() - since > (this.#stopping ? endWithinMs : STUCK_MS)) {
        await this.kill();
        since = now();
      }
      await sleep(POLL_MS);
    }
  }

  // Any answer will do: whether the server can serve shows in its own answers.
  async #ping(): Promise<boolean> {
    try {
      const response = await this.fetch('/ping', { signal: AbortSignal.timeout(PING_MS) });
      await response.arrayBuffer();
      return response.status < 500;
    } catch {
      return false; // Not listening yet, or not any more: the loop decides by `running`.
    }
  }

  /**
   * One monitor while this object is in memory. It keeps the object there for some minutes only, and a program whose
   * object has gone is killed unless the platform knows how long to leave it.
   */
  #watch(): void {
    if (this.#watched || !this.running) return;
    this.#watched = true;
    this.#options.raw.setInactivityTimeout(this.#options.outliveMs).catch((error: unknown) => {
      if (this.running) this.#options.onTrouble(error);
    });
    const ended = (reason: DownReason, message?: string): void => {
      this.#watched = false;
      this.#ready = false;
      this.#stopping = false;
      this.#lastExit = reason;
      this.#options.onExit(reason, message);
    };
    this.#options.raw.monitor().then(
      () => ended(this.#stopping ? 'stopped' : 'crashed'),
      (error: unknown) => ended(this.#stopping ? 'stopped' : downReason(error), String(error)),
    );
  }
}
