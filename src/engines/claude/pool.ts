/**
 * Processes that are ready before they are needed, within a bound. A spare is a child that was spawned
 * and waits for its `initialize`; a warm process is initialised for a system prompt that keeps coming.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TurnError } from '../../turn/errors.ts';
import type { Child, EndReason, SpawnRecipe } from './child.ts';
import type { CliProcess } from './cli-process.ts';
import type { LiveSettings } from './settings.ts';

export interface PoolOptions {
  readonly max: number;
  /** Children that wait for any system prompt. */
  readonly spares: number;
  readonly spawn: (recipe: SpawnRecipe) => Child;
  readonly start: (system: string, ahead: Child | undefined) => Promise<CliProcess>;
  /** Frees one process that nobody is using right now; false when there is none. */
  readonly evict: () => boolean;
  /** Frees one that nobody has used for a while, and that no call waits in; false when there is none. */
  readonly evictQuiet: () => boolean;
  /** Whether turns are running that a start would take CPU from. */
  readonly busy: () => boolean;
  readonly log: (error: unknown, what: string) => void;
}

/** A prompt seen this often is expected again; the pool remembers this many prompts. */
const REPEATED = 2;
const REMEMBERED = 32;
/** Between a process taken and its replacement: the turn that took it goes first. */
const REFILL_DELAY_MS = 150;
const REFILL_PATIENCE = 20;
/** For what no request waits for. */
const NEVER = new AbortController().signal;

/** Somebody who waits for a place. */
interface Waiter {
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #children = new Set<Child>();
  readonly #spares: Child[] = [];
  readonly #warm = new Map<string, CliProcess>();
  /** By system prompt, least recently used first: how often it came, and with which settings last. */
  readonly #prompts = new Map<string, { count: number; settings: LiveSettings }>();
  readonly #waiting: Waiter[] = [];
  #recipe: SpawnRecipe | undefined;
  /** Places of processes that are being started. */
  #reserved = 0;
  readonly #starting = new Set<Promise<CliProcess>>();
  #refilling = false;
  /** A conversation has begun since the last one that made room for a spare. */
  #spareIsDue = false;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#children.size + this.#reserved;
  }

  get ready(): number {
    return this.#spares.length + this.#warm.size;
  }

  /** A process for a system prompt, perhaps still initialising; waits when all of `max` are at work. `isNew`: for a conversation that begins. */
  async take(
    system: string,
    settings: LiveSettings,
    { signal, isNew }: { signal: AbortSignal; isNew: boolean },
  ): Promise<CliProcess> {
    this.#remember(system, settings);
    this.#spareIsDue ||= isNew;
    const warm = this.#warm.get(system);
    this.#warm.delete(system);
    const process = warm ?? (await this.#begin(system, signal));
    this.#refillSoon();
    return process;
  }

  /** The first process, before any request: it shows how processes are spawned, and waits for a request without a system prompt. */
  async startFirst(): Promise<CliProcess> {
    const process = await this.#inRoom(() => this.#options.start('', undefined), NEVER);
    this.#recipe = process.recipe;
    await this.#keepWarm('', process, process.ready);
    this.#refillSoon();
    return process;
  }

  /** Starts a process that is not taken from the pool's stock, within the bound. */
  startOwn(start: () => Promise<CliProcess>, signal: AbortSignal): Promise<CliProcess> {
    return this.#inRoom(start, signal);
  }

  /** To be called when a process has become free, so that who waits for room can look again. */
  freed(): void {
    this.#makeRoom();
    this.#refillSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closing());
    await Promise.all([...this.#children].map((child) => child.end('closing')));
    await Promise.allSettled(this.#starting);
  }

  async #begin(system: string, signal: AbortSignal): Promise<CliProcess> {
    const ahead = this.#spares.shift();
    if (ahead !== undefined) return this.#options.start(system, ahead);
    const process = await this.#inRoom(() => this.#options.start(system, undefined), signal);
    this.#recipe = process.recipe;
    return process;
  }

  async #inRoom(start: () => Promise<CliProcess>, signal: AbortSignal): Promise<CliProcess> {
    await this.#reserve(signal);
    const starting = this.#startReserved(start);
    this.#starting.add(starting);
    return starting.finally(() => this.#starting.delete(starting));
  }

  /** Starts a process in a place that was reserved before, so that starts at the same time keep the bound. */
  async #startReserved(start: () => Promise<CliProcess>): Promise<CliProcess> {
    try {
      const process = await start();
      this.#track(process.child);
      if (!this.#closed) return process;
      await process.end('closing');
      throw closing();
    } finally {
      this.#reserved -= 1;
      this.#makeRoom();
    }
  }

  #track(child: Child): void {
    this.#children.add(child);
    void child.ended.then(({ reason }) => {
      this.#children.delete(child);
      const spare = this.#spares.indexOf(child);
      if (spare >= 0) this.#spares.splice(spare, 1);
      // Spares that fall by themselves are not replaced until a request has shown that processes start.
      if (spare >= 0 && (reason === 'crashed' || reason === 'spawn_failed')) this.#recipe = undefined;
      for (const [system, process] of this.#warm) if (process.child === child) this.#warm.delete(system);
      this.#makeRoom();
    });
  }

  /** Waits its turn for a place, which the caller then holds until it is given back. */
  async #reserve(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw closing();
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { grant: resolve, refuse: reject };
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiter);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiter);
    this.#makeRoom();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Gives free places to those who wait, first come first served, and has one process end for each of the others. */
  #makeRoom(): void {
    while (this.#waiting.length > 0 && this.size < this.#options.max) {
      this.#reserved += 1;
      this.#waiting.shift()?.grant();
    }
    while (this.#waiting.length > this.#leaving() && (this.#dropReady() || this.#options.evict()));
  }

  #leaving(): number {
    return this.#children.values().reduce((count, child) => count + Number(child.leaving), 0);
  }

  /** Makes room by what was only kept ready. */
  #dropReady(): boolean {
    const [system, warm] = this.#warm.entries().next().value ?? [];
    if (system !== undefined && warm !== undefined) {
      this.#warm.delete(system);
      return this.#drop(warm.child, 'evicted');
    }
    const spare = this.#spares.shift();
    return spare !== undefined && this.#drop(spare, 'evicted');
  }

  /** Gives up a process for a prompt that has not come again, such as the first one's. */
  #dropGuess(): boolean {
    const guess = this.#warm.entries().find(([system]) => (this.#prompts.get(system)?.count ?? 0) < REPEATED);
    if (guess === undefined) return false;
    this.#warm.delete(guess[0]);
    return this.#drop(guess[1].child, 'unused');
  }

  #drop(child: Child, reason: EndReason): true {
    child.kill(reason);
    return true;
  }

  #remember(system: string, settings: LiveSettings): void {
    const count = (this.#prompts.get(system)?.count ?? 0) + 1;
    this.#prompts.delete(system);
    this.#prompts.set(system, { count, settings });
    const oldest = this.#prompts.keys().next().value;
    if (this.#prompts.size > REMEMBERED && oldest !== undefined) this.#prompts.delete(oldest);
  }

  #refillSoon(): void {
    if (this.#refilling) return;
    this.#refilling = true;
    this.#refill()
      .catch((error: unknown) => this.#options.log(error, 'could not keep a process ready'))
      .finally(() => (this.#refilling = false));
  }

  /** One start at a time, and only when no turn needs the CPU, or has not let go of it for long. */
  async #refill(): Promise<void> {
    for (let patience = REFILL_PATIENCE; !this.#closed; patience -= 1) {
      await sleep(REFILL_DELAY_MS, undefined, { ref: false });
      if (this.#options.busy() && patience > 0) continue;
      const wanted = this.#nextToMake();
      if (wanted === undefined || this.#closed) return;
      await wanted();
      patience = REFILL_PATIENCE;
    }
  }

  #nextToMake(): (() => Promise<void>) | undefined {
    const recipe = this.#recipe;
    const spareMissing = recipe !== undefined && this.#spares.length < this.#options.spares;
    if (this.size >= this.#options.max)
      return spareMissing && this.#roomForSpare() ? () => Promise.resolve() : undefined;
    if (spareMissing) {
      return () => {
        const child = this.#options.spawn(recipe);
        this.#track(child);
        this.#spares.push(child);
        return Promise.resolve();
      };
    }
    const repeated = [...this.#prompts]
      .toReversed()
      .find(([system, { count }]) => count >= REPEATED && !this.#warm.has(system));
    if (repeated === undefined || (this.#warm.size >= this.#warmLimit() && !this.#dropGuess())) return undefined;
    const [system, { settings }] = repeated;
    return () => this.#warmUp(system, settings);
  }

  /**
   * Where conversations begin, the next one would take the place of one that was left alone; when a spare has it before, nobody
   * waits. One that comes back costs nobody its place, and where spares would be much of all there is, none is made.
   */
  #roomForSpare(): boolean {
    if (this.#leaving() > 0) return true;
    if (!this.#spareIsDue || this.#options.spares * 4 > this.#options.max || !this.#options.evictQuiet()) return false;
    this.#spareIsDue = false;
    return true;
  }

  /** Held conversations are worth more than guesses about the next ones. */
  #warmLimit(): number {
    return Math.max(1, Math.floor(this.#options.max / 8));
  }

  async #warmUp(system: string, settings: LiveSettings): Promise<void> {
    const process = await this.#begin(system, NEVER);
    await this.#keepWarm(system, process, process.configure(settings, false));
  }

  /** Keeps a process for requests with this system prompt; one that cannot be made `ready` is ended. */
  async #keepWarm(system: string, process: CliProcess, ready: Promise<unknown>): Promise<void> {
    this.#warm.get(system)?.kill('unused');
    this.#warm.set(system, process);
    try {
      await Promise.all([process.ready, ready]);
    } catch (error) {
      process.kill('failed');
      throw error;
    }
  }
}

const closing = (): TurnError => new TurnError('draining', 'The server is shutting down.');
