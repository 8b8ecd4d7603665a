/** The port that every engine fills. Nothing above it knows which engine runs a turn. */
import type { TurnEvent } from './events.ts';
import type { Turn } from './turn.ts';

/** A model as the engine's own account sees it today. */
export interface EngineModel {
  /** Full id, `claude-sonnet-5-5`. */
  readonly id: string;
  readonly displayName: string;
  /** Short names that mean this model (`sonnet`, `default`). */
  readonly aliases: readonly string[];
}

export interface EngineHealth {
  /** Whether a turn can be begun at all, whatever its answer will be: a process can be started, a connection opened. */
  readonly ok: boolean;
  /** Why not, in words for the owner; never a secret. */
  readonly reason?: string;
  /** What the last turns showed to be wrong for all of them, such as a login that the API refuses. */
  readonly degraded?: string;
  /** Conversations that it holds: their next turn is cheaper here than at another server. Absent: it holds none. */
  readonly conversations?: number;
  /** Named figures for `/health` and the metrics (processes, sessions, …). */
  readonly gauges: Readonly<Record<string, number>>;
}

/** A process of an engine and what it holds, without anything that is said in it. */
export interface EngineProcess {
  /** Of the operating system, where it is known. */
  readonly id: number;
  /** `waiting`: for the results of tools that the client runs. */
  readonly state: 'running' | 'idle' | 'waiting' | 'ending';
  readonly model: string;
  /** Messages of the conversation that it holds. */
  readonly messages: number;
  readonly waitingCalls: number;
  readonly turnsServed: number;
  /** How long it has been in this state. */
  readonly stateSeconds: number;
  /** Absent where the system does not tell. */
  readonly memoryBytes?: number;
}

/**
 * What an engine can carry to the model. Parsers and parameter tables ask for these, never for an engine's name;
 * what is missing is emulated, ignored or refused as the dialect's table says.
 */
export interface EngineAbilities {
  /** A last message of the assistant, to be continued. */
  readonly prefill: boolean;
  /** Tools that run at the API: web search, code execution, … */
  readonly serverTools: boolean;
  /** `role: "system"` messages between others, with the settings that they may carry. */
  readonly systemMessages: boolean;
  /** Citations in earlier answers. */
  readonly citationsInHistory: boolean;
  /** The thinking of a tool loop, kept by the engine itself where the caller's API cannot carry it. */
  readonly keepsThinking: boolean;
  /** The caller's own cache breakpoints. */
  readonly cacheControl: boolean;
  /** An effort for models that have no effort levels, so that the API can refuse it. */
  readonly effortWithoutLevels: boolean;
  /** The caller's `metadata`. */
  readonly metadata: boolean;
  /** The caller's `anthropic-beta` values, and what needs them. */
  readonly betas: boolean;
  /** Every other parameter of the API, also those that this server does not know. */
  readonly otherParameters: boolean;
}

export interface Engine {
  /** As it is named in settings, health and log: `claude-code`, `anthropic-api`. */
  readonly name: string;
  readonly abilities: EngineAbilities;
  /** How many turns can run at the same time; absent where the engine sets no bound. */
  readonly maxTurns?: number;
  /**
   * Runs one turn. Yields the stream events of exactly one upstream answer; throws a `TurnError`.
   * Leaving the loop early or aborting the signal aborts the upstream request.
   */
  run(turn: Turn, signal: AbortSignal): AsyncIterable<TurnEvent>;
  /** Input tokens of the request as the API would count them. */
  countTokens(turn: Turn, signal: AbortSignal): Promise<number>;
  /** Models of the account; the answer is cached by the engine. */
  models(): Promise<readonly EngineModel[]>;
  /** Whether those are all that can be asked for; absent where older ones may exist beside them. */
  readonly reportsAllModels?: boolean;
  health(): EngineHealth;
  /** What it runs on this machine; absent where it runs nothing. */
  processes?(): readonly EngineProcess[];
  /**
   * Makes ready, ahead of the first turn, what turns need, and tries again until it works; absent where nothing is
   * needed.
   * Returns at once: `health` tells how it goes.
   */
  start?(): void;
  /** Ends every process and connection. Turns still running fail with `draining`. */
  close(): Promise<void>;
}
