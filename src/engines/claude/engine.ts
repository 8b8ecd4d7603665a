/**
 * The engine over the official Claude Code CLI. Processes are universal: a request is served by the one that holds its
 * conversation, or the beginning of it, or by any other that is given it.
 */
import { mkdirSync } from 'node:fs';
import type { SDKControlInitializeResponse } from '@anthropic-ai/claude-agent-sdk';
import type { Engine, EngineAbilities, EngineHealth, EngineModel, EngineProcess } from '../../turn/engine.ts';
import { TurnError, toTurnError } from '../../turn/errors.ts';
import { isStreamEvent, type RateLimit, type TurnEvent } from '../../turn/events.ts';
import type { Turn, TurnRequest } from '../../turn/turn.ts';
import { untilItWorks } from '../../util/backoff.ts';
import { systemClock, type Clock } from '../../util/clock.ts';
import { unlessAborted } from '../../util/timer.ts';
import { abilitiesFor } from './abilities.ts';
import { conversationOf, type Conversation } from './conversation/conversation.ts';
import { travelOtherwise } from './conversation/exchanges.ts';
import { signaturesOf } from './conversation/heads.ts';
import { hasAlteredImage } from './conversation/images.ts';
import { askableWith } from './conversation/open-loop.ts';
import { resumeOptions } from './conversation/transcript.ts';
import { atTurnsPlace } from './conversation/turn-place.ts';
import type { ClaudeEngineOptions } from './options.ts';
import { reportedModels } from './process/control/account.ts';
import { cliOptions, folderOf, type ClaudeHost } from './process/control/cli-options.ts';
import { countTokensOn } from './process/count-tokens.ts';
import { describeProcess } from './process/describe-process.ts';
import { errorOfAbort } from './process/child/end-errors.ts';
import { HeldProcess } from './process/held-process.ts';
import { isUnexpected, ProcessHost } from './process/child/host.ts';
import { comfortable, mostProcesses } from './process/child/memory.ts';
import { Pool } from './process/pool.ts';
import { Limits } from './process/control/rate-limits.ts';
import { startCli } from './process/control/start-cli.ts';
import { toTurnSettings, type TurnSettings } from './process/control/turn-settings.ts';
import { UsageWatch } from './process/usage-watch.ts';
import type { Beginning, Taken, Wanted } from './process/wanted.ts';

export type { ClaudeEngineOptions } from './options.ts';

const MINUTE = 60_000;
const GROWN_UP_MS = 10_000;
/** This many processes are kept, however long they are idle. */
const IDLE_FLOOR = 2;

export const createClaudeEngine = (options: ClaudeEngineOptions): ClaudeEngine => new ClaudeEngine(options);

export class ClaudeEngine implements Engine {
  readonly name = 'claude-code';
  readonly abilities: EngineAbilities;
  /** Each turn needs a process. */
  readonly maxTurns: number;
  readonly #options: ClaudeEngineOptions;
  readonly #cli: ClaudeHost;
  readonly #clock: Clock;
  readonly #host: ProcessHost;
  readonly #pool: Pool;
  readonly #limits: Limits;
  readonly #usage: UsageWatch;
  readonly #ending = new AbortController();
  #recycles: boolean;
  #account: SDKControlInitializeResponse | undefined;
  #unwell: string | undefined = 'Claude Code is starting';
  /** Whether the engine keeps a process without any request, and whether it is starting one. */
  #kept: 'no' | 'yes' | 'trying' = 'no';
  #closed = false;

  constructor(options: ClaudeEngineOptions) {
    const { clock = systemClock, log } = options;
    this.#options = options;
    this.#clock = clock;
    this.abilities = abilitiesFor(options.credentialKind);
    this.maxTurns = options.maxProcesses ?? mostProcesses(options.maxTurns ?? 16);
    this.#cli = { ...options, maxRetries: options.maxRetries ?? 2 };
    this.#recycles = options.recycle ?? true;
    this.#limits = new Limits(() => clock.now());
    mkdirSync(folderOf(options), { recursive: true });
    this.#host = new ProcessHost(options.stateDir, log);
    this.#pool = new Pool({
      max: this.maxTurns,
      comfortable: Math.min(this.maxTurns, comfortable()),
      spares: options.spares ?? 1,
      idleFloor: IDLE_FLOOR,
      idleTtlMs: options.idleTtlMs ?? 10 * MINUTE,
      suspendTtlMs: options.suspendTtlMs ?? 10 * MINUTE,
      clock,
      log,
      recycles: () => this.#recycles,
      start: (beginning, changed) => this.#start(beginning, changed),
    });
    const processes = (): readonly HeldProcess[] => this.#pool.processes;
    this.#usage = new UsageWatch({ ...options, clock, limits: this.#limits, processes });
  }

  async *run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    const conversation = conversationOf(turn);
    for (const limit of this.#limits.current()) yield { type: 'notice', notice: { kind: 'rate_limit', limit } };
    for (let attempt = 1; ; attempt += 1) {
      let began = false;
      try {
        for await (const event of this.#attempt(conversation, turn.request, { signal, fresh: attempt > 1 })) {
          began ||= isStreamEvent(event);
          yield event;
        }
        return;
      } catch (thrown) {
        const error = signal.aborted ? errorOfAbort(signal) : atTurnsPlace(toTurnError(thrown), turn.request.messages);
        // The client has seen nothing, so a fresh process may try once what a dead one could not.
        if (error.code !== 'engine_died' || began || attempt > 1) throw error;
        this.#options.log.warn({ request: turn.id, error: error.message }, 'trying again on a fresh process');
      } finally {
        this.#usage.turnEnded();
      }
    }
  }

  async countTokens(turn: Turn, signal: AbortSignal): Promise<number> {
    const conversation = conversationOf(turn);
    try {
      return await this.#count(conversation, turn.request, { signal, fresh: false });
    } catch (error) {
      if (toTurnError(error).code !== 'engine_died' || signal.aborted) throw error;
      return this.#count(conversation, turn.request, { signal, fresh: true });
    }
  }

  async models(): Promise<readonly EngineModel[]> {
    if (this.#account === undefined) await this.#pool.startFirst();
    if (this.#account === undefined) throw new TurnError('engine_unavailable', 'Claude Code does not list its models.');
    return reportedModels(this.#account);
  }

  /** Starts the first process ahead of the first request. */
  async warmUp(): Promise<void> {
    await this.#pool.startFirst();
  }

  start(): void {
    this.#kept = 'yes';
    this.#startUntilItWorks();
  }

  health(): EngineHealth {
    const { processes } = this.#pool;
    const count = (which: (process: HeldProcess) => boolean): number => processes.filter(which).length;
    return {
      ok: this.#unwell === undefined && !this.#closed,
      ...(this.#closed ? { reason: 'The engine is closed' } : this.#unwell !== undefined && { reason: this.#unwell }),
      conversations: count(({ state, held }) => state === 'busy' || held.length > 0),
      gauges: {
        processes: this.#pool.size,
        processes_ready: count(({ state, held }) => state === 'idle' && held.length === 0),
        sessions_running: count(({ state }) => state === 'busy'),
        sessions_idle: count(({ state, held }) => state === 'idle' && held.length > 0),
        sessions_suspended: count(({ state }) => state === 'suspended'),
        ...Object.fromEntries([...this.#host.ends].map(([reason, ended]) => [`ended_${reason}`, ended])),
      },
    };
  }

  onLimits(listener: (limits: readonly RateLimit[]) => void): void {
    this.#usage.told = listener;
  }

  processes(): readonly EngineProcess[] {
    return this.#pool.processes.map((process) => describeProcess(process, this.#clock.elapsed()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ending.abort();
    this.#usage.close();
    this.#pool.close();
    await this.#host.close();
  }

  async *#attempt(
    conversation: Conversation,
    request: TurnRequest,
    { signal, fresh }: { signal: AbortSignal; fresh: boolean },
  ): AsyncGenerator<TurnEvent> {
    const taken = await this.#take({ conversation, settings: this.#settingsOf(request), fresh }, signal);
    const { process, plan, strategy } = taken;
    const askable = askableWith(plan, request, conversation);
    const settings = this.#settingsOf(askable);
    await this.#prepare(taken, { conversation, settings, signal });
    const altered = travelOtherwise(request.messages) || hasAlteredImage(conversation.turn.content);
    const opening: TurnEvent = {
      type: 'notice',
      notice: {
        kind: 'strategy',
        strategy,
        adjusted: altered ? ['messages'] : [],
        ignored: askable === request ? [] : ['thinking'],
      },
    };
    yield* process.step(conversation, settings, { opening: [opening], plan, signal });
  }

  async #count(
    conversation: Conversation,
    request: TurnRequest,
    { signal, fresh }: { signal: AbortSignal; fresh: boolean },
  ): Promise<number> {
    const settings = { ...this.#settingsOf(request), toolNames: [] };
    const { process, plan } = await this.#take({ conversation, settings, fresh, reuses: false }, signal);
    const counting = countTokensOn(process, { conversation, plan, settings, tools: request.tools ?? [] });
    try {
      return await unlessAborted(counting, signal);
    } catch (error) {
      throw signal.aborted ? errorOfAbort(signal) : error;
    } finally {
      counting.catch(() => undefined).finally(() => process.release());
    }
  }

  async #prepare(
    { process, plan }: Taken,
    { conversation, settings, signal }: { conversation: Conversation; settings: TurnSettings; signal: AbortSignal },
  ): Promise<void> {
    const prepared = process.prepare(plan, { conversation, settings, signal });
    try {
      await unlessAborted(prepared, signal);
    } catch (error) {
      // The process records what it holds after each step, so it can be released in between.
      prepared.catch(() => undefined).finally(() => process.release());
      throw error;
    }
  }

  #take(wanted: Wanted, signal: AbortSignal): Promise<Taken> {
    if (this.#closed) throw new TurnError('draining', 'The server is shutting down.');
    return this.#pool.take(wanted, signal);
  }

  #settingsOf(request: TurnRequest): TurnSettings {
    return toTurnSettings(request, this.#cli.credentialKind);
  }

  async #start({ prompt, resumed }: Beginning, changed: (process: HeldProcess) => void): Promise<HeldProcess> {
    try {
      const transcript =
        resumed === undefined ? undefined : resumeOptions(resumed.messages, resumed.model, folderOf(this.#cli));
      const cli = await startCli(cliOptions(this.#cli, prompt, transcript), {
        spawn: (recipe) => this.#host.spawn(recipe),
        limit: (limit) => this.#limits.note(limit),
        controlTimeoutMs: this.#options.controlTimeoutMs ?? MINUTE / 2,
      });
      this.#account = await cli.ready;
      const rewinds = (this.#options.recycle ?? true) && (await cli.canRewind());
      this.#recycles = rewinds;
      this.#unwell = undefined;
      const held = resumed?.messages.map((exchange, index) => ({
        head: resumed.conversation.heads[index + 1] ?? '',
        signatures: signaturesOf(exchange),
      }));
      const born = this.#clock.elapsed();
      void cli.ended.then((end) => isUnexpected(end) && this.#replace(this.#clock.elapsed() - born));
      return new HeldProcess(cli, {
        id: this.#pool.nextId(),
        rewinds,
        // A process that resumed runs in a copy of the configuration, and keeps a transcript.
        recyclable: rewinds && resumed === undefined,
        ...(held !== undefined && { held }),
        now: () => this.#clock.elapsed(),
        changed,
      });
    } catch (error) {
      this.#unwell = this.#closed ? this.#unwell : toTurnError(error).message;
      // A server that cannot start a process gets no requests from a balancer, so no request will show that it can
      // again.
      this.#startUntilItWorks();
      throw error;
    }
  }

  /** Replaces a process that crashed, unless it crashed right after its start: a new one would crash as fast. */
  #replace(livedMs: number): void {
    if (this.#kept !== 'no' && !this.#closed && livedMs > GROWN_UP_MS) this.#pool.replaceSoon();
  }

  #startUntilItWorks(): void {
    if (this.#kept !== 'yes' || this.#closed) return;
    this.#kept = 'trying';
    void untilItWorks(() => this.#pool.startFirst(), {
      clock: this.#clock,
      signal: this.#ending.signal,
      firstMs: 1_000,
      longestMs: MINUTE / 2,
      failed: (error, pauseMs) =>
        this.#options.log.warn(
          { error: toTurnError(error).message, pauseMs },
          'Claude Code does not start; trying again',
        ),
    }).finally(() => (this.#kept = 'yes'));
  }
}
