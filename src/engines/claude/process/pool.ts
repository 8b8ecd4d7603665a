/**
 * Every process there is, whatever it holds, and who waits for one. A request takes the process that serves it best
 * (`conversation/plan.ts`); a process is started where a request would wait longer without it.
 */
import { availableParallelism } from 'node:os';
import { TurnError, toTurnError } from '../../../turn/errors.ts';
import type { Clock } from '../../../util/clock.ts';
import type { Log } from '../../../util/log.ts';
import { unlessAborted } from '../../../util/timer.ts';
import { choosePlan, type Plan } from '../conversation/plan.ts';
import { errorOfAbort } from './child/end-errors.ts';
import { isWorthAStart, meanOf, patienceMs, Regret } from './child/growth.ts';
import type { HeldProcess } from './held-process.ts';
import type { OnProcess } from './preparation.ts';
import type { Beginning, Taken, Wanted } from './wanted.ts';
import { sweep, wantsSpare, type Upkeep } from './upkeep.ts';

export interface PoolOptions extends Upkeep {
  readonly max: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether processes can be given other conversations. */
  readonly recycles: () => boolean;
  /** A process that is ready, and `busy`. `changed` is called whenever its state changes. */
  readonly start: (beginning: Beginning, changed: (process: HeldProcess) => void) => Promise<HeldProcess>;
}

interface Waiter extends Wanted {
  readonly since: number;
  /** Processes with a lower id must not be used. */
  readonly firstId: number;
  readonly grant: (taken: Taken | Promise<Taken>) => void;
  readonly refuse: (error: Error) => void;
  /** Whether a process was started while it waited. */
  sawStart: boolean;
}

/** How long nothing must have run before a process is started that no request waits for. */
const QUIET_MS = 200;
const SWEEP_MS = 5_000;

export class Pool {
  readonly #options: PoolOptions;
  readonly #processes = new Map<number, HeldProcess>();
  readonly #leaving = new Set<HeldProcess>();
  readonly #waiting: Waiter[] = [];
  readonly #starts = new Map<Promise<HeldProcess>, Beginning>();
  readonly #busySince = new Map<HeldProcess, number>();
  readonly #regret = new Regret();
  readonly #sweeper: NodeJS.Timeout;
  #typicalTurnMs: number | undefined;
  #nextId = 1;
  #spareIsDue = false;
  /** Set when one more process would cost less than appending returning conversations again. */
  #growthIsDue = false;
  #tending: (() => void) | undefined;
  #serving = false;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#processes.size + this.#leaving.size + this.#starts.size;
  }

  get processes(): readonly HeldProcess[] {
    return [...this.#processes.values()];
  }

  nextId(): number {
    return this.#nextId++;
  }

  /** The process for a request, claimed for it; waits where all are at work and no more may be started. */
  async take(wanted: Wanted, signal: AbortSignal): Promise<Taken> {
    if (this.#closed) throw closing();
    if (signal.aborted) throw errorOfAbort(signal);
    const { promise, resolve, reject } = Promise.withResolvers<Taken>();
    const waiter: Waiter = {
      ...wanted,
      since: this.#options.clock.elapsed(),
      firstId: wanted.fresh === true ? this.#nextId : 0,
      grant: resolve,
      refuse: reject,
      sawStart: false,
    };
    this.#waiting.push(waiter);
    this.#serve();
    try {
      return await unlessAborted(promise, signal);
    } catch (error) {
      this.#forget(waiter);
      // One that was granted while its client left goes back.
      promise.then(({ process }) => process.release()).catch(() => undefined);
      throw signal.aborted ? errorOfAbort(signal) : error;
    }
  }

  /** Starts the first process, where there is none. */
  async startFirst(): Promise<HeldProcess> {
    const [first] = this.#processes.values();
    const [starting] = this.#starts.keys();
    return first ?? starting ?? this.#begin({}).finally(() => this.#serve());
  }

  /** Makes one more process ready once nothing runs. */
  replaceSoon(): void {
    this.#spareIsDue = true;
    this.#tendSoon();
  }

  /** Ends what there is and refuses who waits; whoever starts processes ends those that are starting. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#tending?.();
    for (const { refuse } of this.#waiting.splice(0)) refuse(closing());
    for (const process of this.processes) process.retire('closing');
  }

  /** Serves waiting requests in the order in which they came. */
  #serve(): void {
    // Claiming a process changes its state, which calls this function again.
    if (this.#serving || this.#closed) return;
    this.#serving = true;
    try {
      const unclaimed = new Set(this.#starts.values());
      let leaving = this.#leaving.size;
      for (const waiter of this.#waiting.slice()) {
        const plan = this.#planFor(waiter);
        if (plan === undefined) continue;
        if (plan.kind !== 'start' && plan.kind !== 'resume') this.#grant(waiter, plan);
        else if (plan.ends !== undefined) {
          leaving -= 1;
          if (leaving < 0) this.#processes.get(plan.ends)?.retire('evicted');
        } else if (plan.kind === 'resume') this.#resume(waiter, plan);
        else this.#growFor(waiter, unclaimed);
      }
    } finally {
      this.#serving = false;
    }
    this.#tendSoon();
  }

  #planFor({ conversation, settings, reuses = true, firstId }: Waiter): Plan | undefined {
    const processes = this.processes.filter(
      ({ id, state }) => id >= firstId && (state === 'idle' || state === 'suspended'),
    );
    return choosePlan(conversation, settings, { processes, room: this.size < this.#options.max, reuses });
  }

  #grant(waiter: Waiter, plan: OnProcess): void {
    const process = this.#processes.get(plan.process);
    if (process === undefined) throw new TurnError('internal', 'The chosen process is gone.');
    const { heads } = waiter.conversation;
    if (plan.kind === 'fresh') {
      this.#spareIsDue = true;
      if (process.turns > 1) this.#regret.displaced(process.held.at(-1)?.head);
      if (this.#regret.appended(heads, plan.append.length)) this.#growthIsDue = true;
    }
    process.claim();
    this.#forget(waiter);
    const isStart = plan.kind === 'fresh' && waiter.sawStart && process.served === 0;
    waiter.grant({ process, plan, strategy: isStart ? 'start' : plan.kind });
  }

  #resume(waiter: Waiter, { resumed: messages, append }: Extract<Plan, { kind: 'resume' }>): void {
    const { conversation, settings } = waiter;
    this.#forget(waiter);
    const prompt = conversation.system === '' ? {} : { prompt: conversation.system };
    const started = this.#begin({ ...prompt, resumed: { conversation, messages, model: settings.model } });
    started.catch(() => this.#serve());
    waiter.grant(
      started.then((process): Taken => ({
        process,
        plan: { kind: 'rewind', process: process.id, keep: process.held.length, append },
        strategy: 'resume',
      })),
    );
  }

  /** Starts a process for a waiting request, unless one is starting already that no earlier request needs. */
  #growFor(waiter: Waiter, unclaimed: Set<Beginning>): void {
    const { system } = waiter.conversation;
    const beginning: Beginning = this.#options.recycles() || system === '' ? {} : { prompt: system };
    const started = [...unclaimed].find(({ prompt, resumed }) => prompt === beginning.prompt && resumed === undefined);
    if (started !== undefined) {
      unclaimed.delete(started);
      return;
    }
    if (this.#starts.size >= availableParallelism() || !this.#isWorthAStart(waiter)) return;
    waiter.sawStart = true;
    this.#begin(beginning).catch((error: unknown) => {
      if (!this.#waiting.includes(waiter)) return this.#complain(error);
      this.#forget(waiter);
      waiter.refuse(toTurnError(error));
      // The other waiting requests may start one of their own.
      this.#serve();
    });
  }

  #isWorthAStart({ since, conversation, firstId }: Waiter): boolean {
    const now = this.#options.clock.elapsed();
    const fitting = [...this.#busySince].filter(
      ([{ id, recyclable, prompt }]) =>
        id >= firstId && recyclable && (conversation.system !== '' || prompt === undefined),
    );
    const waiting = {
      waitedMs: now - since,
      typicalTurnMs: this.#typicalTurnMs,
      busyMs: fitting.map(([, from]) => now - from),
      freeSoon: fitting.some(([{ clearing }]) => clearing),
    };
    if (isWorthAStart(waiting)) return true;
    this.#options.clock.after(Math.max(1, patienceMs - waiting.waitedMs), () => this.#serve());
    return false;
  }

  /** Starts a process; the caller has checked the bound. It becomes free where no request takes it at once. */
  #begin(beginning: Beginning): Promise<HeldProcess> {
    const started = this.#options.start(beginning, (process) => this.#changed(process));
    this.#starts.set(started, beginning);
    return started
      .finally(() => this.#starts.delete(started))
      .then((process) => {
        if (this.#closed) {
          process.retire('closing');
          throw closing();
        }
        this.#processes.set(process.id, process);
        if (process.state === 'ended') this.#changed(process);
        else if (beginning.resumed === undefined) process.release();
        else this.#changed(process);
        return process;
      });
  }

  #changed(process: HeldProcess): void {
    const now = this.#options.clock.elapsed();
    const since = this.#busySince.get(process);
    if (process.state !== 'busy' && since !== undefined) {
      this.#busySince.delete(process);
      this.#typicalTurnMs = meanOf(this.#typicalTurnMs, now - since);
    } else if (process.state === 'busy' && since === undefined) this.#busySince.set(process, now);
    if (process.state === 'ended' && this.#processes.delete(process.id)) {
      this.#leaving.add(process);
      void process.cli.ended.then(() => {
        this.#leaving.delete(process);
        this.#serve();
      });
    }
    this.#serve();
  }

  #forget(waiter: Waiter): void {
    const place = this.#waiting.indexOf(waiter);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  #tendSoon(): void {
    if (!this.#spareIsDue || this.#tending !== undefined || !this.#isQuiet() || this.#closed) return;
    const { clock } = this.#options;
    this.#tending = clock.after(QUIET_MS, () => {
      this.#tending = undefined;
      if (!this.#isQuiet()) return;
      const grows = this.#growthIsDue && this.size < this.#options.comfortable;
      this.#spareIsDue = false;
      this.#growthIsDue = false;
      if (this.#closed || !this.#options.recycles()) return;
      if (!grows && !wantsSpare(this.processes, this.size, this.#options)) return;
      this.#begin({}).catch((error: unknown) => this.#complain(error));
    });
  }

  #isQuiet(): boolean {
    return this.#busySince.size === 0 && this.#waiting.length === 0 && this.#starts.size === 0;
  }

  #sweep(): void {
    for (const { process, end } of sweep(this.processes, this.#options.clock.elapsed(), this.#options)) {
      if (end) process.retire('idle');
      else void process.clear('idle');
    }
    this.#serve();
  }

  #complain(error: unknown): void {
    this.#serve();
    if (!this.#closed) this.#options.log.warn({ error: toTurnError(error).message }, 'could not keep a process ready');
  }
}

const closing = (): TurnError => new TurnError('draining', 'The server is shutting down.');
