/**
 * The engine over the official Claude Code CLI. A conversation lives in a process: the next request
 * goes on where it stands, answers the calls it waits for, or, when no process holds it, is replayed.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Options, SDKControlInitializeResponse } from '@anthropic-ai/claude-agent-sdk';
import type { Engine, EngineAbilities, EngineHealth, EngineModel } from '../../turn/engine.ts';
import { TurnError, toTurnError } from '../../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import type { Strategy } from '../../turn/request-summary.ts';
import type { Turn, TurnRequest } from '../../turn/turn.ts';
import { abilitiesFor } from './abilities.ts';
import { untilItWorks } from '../../util/backoff.ts';
import { systemClock } from '../../util/clock.ts';
import { conversationOf } from './check-messages.ts';
import { Child, type End, type EndReason, type SpawnRecipe } from './child.ts';
import { chooseSession, type Conversation } from './choose-session.ts';
import { CliProcess } from './cli-process.ts';
import { countTokensOn } from './count-tokens.ts';
import { defaultMaxProcesses } from './memory.ts';
import { travelOtherwise } from './history.ts';
import { hasAlteredImage } from './images.ts';
import { Lifeline } from './lifeline.ts';
import { Limits } from './limits.ts';
import { cliOptions, type ClaudeEngineOptions, type ClaudeHost } from './options.ts';
import { Pool } from './pool.ts';
import { Reaper } from './reaper.ts';
import { askableAfterReplay, planReplay } from './replay.ts';
import { reportedModels } from './reported.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { toLiveSettings, type LiveSettings } from './settings.ts';
import { atTurnsPlace } from './turn-place.ts';
import { resumeOptions } from './transcript.ts';

export type { ClaudeEngineOptions } from './options.ts';

/** How one step begins on the process that was found for it. */
interface Route {
  readonly name: 'first' | 'append' | 'resume' | 'continue' | 'answer-suspended';
  readonly session: Session;
  readonly settings: LiveSettings;
  /** Parameters, by their canonical name, that are carried in another way, and those that cannot be carried. */
  readonly adjusted?: readonly string[];
  readonly ignored?: readonly string[];
  readonly begin: () => void;
}

interface Start {
  readonly signal: AbortSignal;
  /** Whether only a process that is started now will do: those that wait may have died as well. */
  readonly fresh: boolean;
}

const STRATEGY: Readonly<Record<Route['name'], Strategy>> = {
  first: 'start',
  append: 'fresh',
  resume: 'resume',
  continue: 'continue',
  'answer-suspended': 'answer',
};

const MINUTE = 60_000;

export const createClaudeEngine = (options: ClaudeEngineOptions): ClaudeEngine => new ClaudeEngine(options);

export class ClaudeEngine implements Engine {
  readonly name = 'claude-code';
  readonly abilities: EngineAbilities;
  /** Each turn needs a process. */
  readonly maxTurns: number;
  readonly #options: ClaudeEngineOptions;
  readonly #host: ClaudeHost;
  readonly #pool: Pool;
  readonly #sessions: Sessions;
  readonly #reaper: Reaper;
  readonly #lifeline: Lifeline;
  readonly #limits = new Limits(Date.now);
  readonly #ends = new Map<EndReason, number>();
  #account: Promise<SDKControlInitializeResponse> | undefined;
  #unwell: string | undefined = 'Claude Code is starting';
  #closed = false;
  /** Whether this engine is to have a process by itself, and is trying to start one. */
  #kept: 'no' | 'yes' | 'trying' = 'no';
  readonly #ending = new AbortController();

  constructor(options: ClaudeEngineOptions) {
    this.#options = options;
    this.abilities = abilitiesFor(options.credentialKind);
    this.maxTurns = options.maxProcesses ?? defaultMaxProcesses();
    this.#host = { ...options, maxRetries: options.maxRetries ?? 2 };
    mkdirSync(options.workDir, { recursive: true });
    this.#reaper = new Reaper(options.stateDir);
    const reaped = this.#reaper.reap();
    if (reaped > 0) options.log.warn({ reaped }, 'ended Claude Code processes that an earlier server left behind');
    this.#lifeline = new Lifeline((error) =>
      options.log.warn({ error: error.message }, 'children will not end at once should this server be killed'),
    );
    this.#sessions = new Sessions({
      idleTtlMs: options.idleTtlMs ?? 15 * MINUTE,
      suspendTtlMs: options.suspendTtlMs ?? 30 * MINUTE,
      quietMs: options.quietMs ?? MINUTE,
      now: Date.now,
      freed: () => this.#pool.freed(),
    });
    this.#pool = new Pool({
      max: this.maxTurns,
      spares: options.spares ?? 1,
      spawn: (recipe) => this.#spawn(recipe),
      start: (system, ahead) => this.#start(cliOptions(this.#host, system), ahead),
      evict: () => this.#sessions.evict(),
      evictQuiet: () => this.#sessions.evictQuiet(),
      busy: () => this.#sessions.count('running') >= availableParallelism(),
      log: (error, what) => options.log.warn({ error: toTurnError(error).message }, what),
    });
  }

  async *run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    const conversation = conversationOf(turn);
    for (const limit of this.#limits.current()) yield { type: 'notice', notice: { kind: 'rate_limit', limit } };
    for (let attempt = 1; ; attempt += 1) {
      let began = false;
      try {
        const {
          name,
          session,
          begin,
          settings,
          adjusted = [],
          ignored = [],
        } = await this.#route(conversation, turn.request, { signal, fresh: attempt > 1 });
        const opening: TurnEvent = {
          type: 'notice',
          notice: { kind: 'strategy', strategy: STRATEGY[name], adjusted, ignored },
        };
        for await (const event of session.step(conversation, settings, { opening, begin, signal })) {
          began ||= isStreamEvent(event);
          yield event;
        }
        return;
      } catch (thrown) {
        const error = signal.aborted ? abortedBy(signal) : atTurnsPlace(toTurnError(thrown), turn.request.messages);
        // The client has seen nothing, so a fresh process may try once what a dead one could not.
        if (error.code !== 'engine_died' || began || attempt > 1) throw error;
        this.#options.log.warn({ request: turn.id, error: error.message }, 'trying again on a fresh process');
      }
    }
  }

  async countTokens(turn: Turn, signal: AbortSignal): Promise<number> {
    const conversation = conversationOf(turn);
    const settings = this.#settingsOf(turn.request);
    let process: CliProcess | undefined;
    const abandon = (): void => process?.kill('aborted');
    signal.addEventListener('abort', abandon);
    try {
      process = await this.#pool.take(conversation.system, settings, { signal, isNew: false });
      if (signal.aborted) abandon();
      return await countTokensOn(process, conversation, { settings, tools: turn.request.tools ?? [] });
    } catch (error) {
      throw signal.aborted ? abortedBy(signal) : error;
    } finally {
      signal.removeEventListener('abort', abandon);
      void process?.end('spent');
    }
  }

  async models(): Promise<readonly EngineModel[]> {
    return reportedModels(await this.#initialised());
  }

  /** Starts the first process ahead of the first request, and learns whether the login works. */
  async warmUp(): Promise<void> {
    await this.#initialised();
  }

  start(): void {
    this.#kept = 'yes';
    this.#startUntilItWorks(() => this.#initialised());
  }

  health(): EngineHealth {
    return {
      ok: this.#unwell === undefined && !this.#closed,
      ...(this.#closed ? { reason: 'The engine is closed' } : this.#unwell !== undefined && { reason: this.#unwell }),
      conversations: this.#sessions.count('running') + this.#sessions.count('idle') + this.#sessions.count('suspended'),
      gauges: {
        processes: this.#pool.size,
        processes_ready: this.#pool.ready,
        sessions_running: this.#sessions.count('running'),
        sessions_idle: this.#sessions.count('idle'),
        sessions_suspended: this.#sessions.count('suspended'),
        ...Object.fromEntries([...this.#ends].map(([reason, count]) => [`ended_${reason}`, count])),
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ending.abort();
    this.#sessions.close();
    await this.#pool.close();
    await this.#lifeline.close();
  }

  async #route(conversation: Conversation, request: TurnRequest, { signal, fresh }: Start): Promise<Route> {
    const settings = this.#settingsOf(request);
    const adjusted =
      travelOtherwise(request.messages) || hasAlteredImage(conversation.turn.content) ? ['messages'] : [];
    if (this.#closed) throw new TurnError('draining', 'The server is shutting down.');
    signal.throwIfAborted();
    const choice = chooseSession(conversation, settings, this.#sessions.choosable());
    if (choice.kind === 'replay') {
      this.#options.log.debug({ reason: choice.reason }, 'replay');
      for (const id of choice.supersedes) this.#supersede(id);
      const askable = askableAfterReplay(request, conversation);
      const route = await this.#replay(conversation, this.#settingsOf(askable), { signal, fresh });
      return { ...route, adjusted, ignored: askable === request ? [] : ['thinking'] };
    }
    const session = this.#sessions.get(choice.session);
    if (session === undefined) throw new TurnError('internal', 'The chosen session is gone.');
    session.claim();
    await session.prepare(signal, async () => {
      await session.settled;
      await session.process.configure(settings, choice.kind === 'answer-suspended');
    });
    const begin =
      choice.kind === 'continue'
        ? () => session.process.ask(conversation.turn)
        : () => void session.process.answer(choice.results);
    return { name: choice.kind, session, settings, adjusted, begin };
  }

  async #replay(conversation: Conversation, settings: LiveSettings, { signal, fresh }: Start): Promise<Route> {
    const plan = planReplay(conversation.history);
    const resumed =
      plan.kind === 'resume' ? resumeOptions(plan.resumed, settings.model, this.#host.workDir) : undefined;
    const process =
      resumed !== undefined || fresh
        ? await this.#pool.startOwn(() => this.#start(cliOptions(this.#host, conversation.system, resumed)), signal)
        : await this.#pool.take(conversation.system, settings, { signal, isNew: plan.kind === 'first' });
    const session = this.#sessions.add(process);
    await session.prepare(signal, async () => {
      // Settings travel behind the `initialize`. The model comes before any message: it could not be changed after.
      await Promise.all([process.ready, process.configure(settings, false)]);
      await process.append(plan.kind === 'resume' ? plan.appended : conversation.history);
    });
    return { name: plan.kind, session, settings, begin: () => process.ask(conversation.turn) };
  }

  #settingsOf(request: TurnRequest): LiveSettings {
    return toLiveSettings(request, this.#host.credentialKind);
  }

  #supersede(id: number): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#sessions.retire(session, 'superseded');
  }

  async #start(options: Options, ahead?: Child): Promise<CliProcess> {
    try {
      const process = await CliProcess.start(options, {
        spawn: (recipe) => this.#spawn(recipe),
        limit: (limit) => this.#limits.note(limit),
        ahead,
        controlTimeoutMs: this.#options.controlTimeoutMs ?? MINUTE / 2,
      });
      void this.#learnHealth(process);
      return process;
    } catch (error) {
      this.#startFailed(error);
      throw error;
    }
  }

  /** A server that cannot start a process gets no requests from a balancer, so no request will show that it can again. */
  #startFailed(error: unknown): void {
    this.#unwell = toTurnError(error).message;
    this.#startUntilItWorks(() => this.#pool.startFirst());
  }

  #startUntilItWorks(work: () => Promise<unknown>): void {
    if (this.#kept !== 'yes' || this.#closed) return;
    this.#kept = 'trying';
    void untilItWorks(work, {
      clock: systemClock,
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

  /** The latest start tells whether starts succeed. What is wrong with the login, turns tell. */
  async #learnHealth(process: CliProcess): Promise<void> {
    try {
      await process.ready;
      this.#unwell = undefined;
    } catch (error) {
      if (isUnexpected(await process.ended)) this.#startFailed(error);
    }
  }

  #spawn(recipe: SpawnRecipe): Child {
    const child = new Child(recipe);
    this.#lifeline.tie(child);
    try {
      this.#reaper.note(child);
    } catch (error) {
      // A full disk, say. The child ends with its stdin all the same, unless it hangs just when the server is killed.
      this.#options.log.warn({ pid: child.pid, error: String(error) }, 'could not note a Claude Code process');
    }
    void child.ended.then((end) => {
      const { reason, leftBehind } = end;
      this.#ends.set(reason, (this.#ends.get(reason) ?? 0) + 1);
      if (isUnexpected(end))
        this.#options.log.warn({ pid: child.pid, ...end, stderr: child.stderrTail }, 'Claude Code ended');
      else this.#options.log.debug({ pid: child.pid, reason }, 'Claude Code ended');
      if (leftBehind !== undefined)
        this.#options.log.error(
          { pid: child.pid, error: leftBehind },
          'could not remove the folder of a Claude Code process',
        );
    });
    return child;
  }

  /** What a first process says of the account; asked again after a failure. */
  #initialised(): Promise<SDKControlInitializeResponse> {
    this.#account ??= this.#askAccount().catch((error: unknown) => {
      this.#account = undefined;
      throw error;
    });
    return this.#account;
  }

  async #askAccount(): Promise<SDKControlInitializeResponse> {
    const process = await this.#pool.startFirst();
    return process.ready;
  }
}

const isUnexpected = ({ reason }: End): boolean =>
  reason === 'crashed' || reason === 'hung' || reason === 'spawn_failed';

const abortedBy = (signal: AbortSignal): TurnError =>
  signal.reason instanceof TurnError
    ? signal.reason
    : new TurnError('client_closed', 'The client closed the connection.');
