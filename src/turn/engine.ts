/** The port that every engine implements. No code above it knows which engine runs a turn. */
import type { RateLimit, TurnEvent } from './events.ts';
import type { Turn } from './turn.ts';

/** A model of the engine's account. */
export interface EngineModel {
  /** Full id, `claude-sonnet-5-5`. */
  readonly id: string;
  readonly displayName: string;
  /** Short names that mean this model (`sonnet`, `default`). */
  readonly aliases: readonly string[];
}

export interface EngineHealth {
  /** Whether a turn can be started: a process can be started, a connection opened. */
  readonly ok: boolean;
  /** The reason, for the owner; never a secret. */
  readonly reason?: string;
  /** What the last turns showed to be wrong for all turns, such as a login that the API refuses. */
  readonly degraded?: string;
  /** Conversations that the engine holds: their next turn is cheaper here than at another server. Absent: none. */
  readonly conversations?: number;
  /** Named figures for `/health` and the metrics (processes, sessions, …). */
  readonly gauges: Readonly<Record<string, number>>;
}

/** A process of an engine, without any content of its conversation. */
export interface EngineProcess {
  /** The operating system's id, where it is known. */
  readonly id: number;
  /** `waiting`: for the results of tools that the client runs. */
  readonly state: 'running' | 'idle' | 'waiting' | 'ending';
  readonly model: string;
  /** How many messages of the conversation it holds. */
  readonly messages: number;
  readonly waitingCalls: number;
  readonly turnsServed: number;
  /** How long it has been in this state. */
  readonly stateSeconds: number;
  /** Absent where the system does not report it. */
  readonly memoryBytes?: number;
}

/**
 * What an engine can carry to the model. Parsers and parameter tables ask for these, never for an engine's name;
 * what is missing is emulated, ignored or refused as the dialect's table says.
 */
export interface EngineAbilities {
  /** A final assistant message that the answer continues. */
  readonly prefill: boolean;
  /** Tools that run at the API: web search, code execution, … */
  readonly serverTools: boolean;
  /** `role: "system"` messages inside a conversation, with the settings that they may carry. */
  readonly systemMessages: boolean;
  /** Citations in earlier answers. */
  readonly citationsInHistory: boolean;
  /** The thinking of a tool loop, which the engine keeps where the caller's API cannot carry it. */
  readonly keepsThinking: boolean;
  /** The caller's own cache breakpoints. */
  readonly cacheControl: boolean;
  /** An effort for models without effort levels, so that the API can refuse it. */
  readonly effortWithoutLevels: boolean;
  /** The caller's `metadata`. */
  readonly metadata: boolean;
  /** The caller's `anthropic-beta` values, and what needs them. */
  readonly betas: boolean;
  /** Every other parameter of the API, also unknown ones. */
  readonly otherParameters: boolean;
}

export interface Engine {
  /** Its name in settings, health and log: `claude-code`, `anthropic-api`. */
  readonly name: string;
  readonly abilities: EngineAbilities;
  /** How many turns can run at the same time; absent where the engine sets no bound. */
  readonly maxTurns?: number;
  /**
   * Runs one turn. Yields the stream events of exactly one upstream answer; throws a `TurnError`. Leaving the loop
   * early or aborting the signal aborts the upstream request.
   */
  run(turn: Turn, signal: AbortSignal): AsyncIterable<TurnEvent>;
  /** Input tokens of the request as the API would count them. */
  countTokens(turn: Turn, signal: AbortSignal): Promise<number>;
  /** Models of the account; the answer is cached by the engine. */
  models(): Promise<readonly EngineModel[]>;
  /** Whether the account has no other models; absent where older ones may exist beside them. */
  readonly reportsAllModels?: boolean;
  health(): EngineHealth;
  /** The engine's processes on this machine; absent where it has none. */
  processes?(): readonly EngineProcess[];
  /** Tells the one listener of limits that no turn reported; absent where turns report them all. */
  onLimits?(listener: (limits: readonly RateLimit[]) => void): void;
  /**
   * Starts in the background what turns need, ahead of the first one, and retries until it works; absent where nothing
   * is needed. Returns at once: `health` shows the progress.
   */
  start?(): void;
  /** Ends every process and connection. Turns still running fail with `draining`. */
  close(): Promise<void>;
}
