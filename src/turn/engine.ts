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
  readonly ok: boolean;
  /** Why not, in words for the owner; never a secret. */
  readonly reason?: string;
  /** Named figures for `/health` and the metrics (processes, sessions, …). */
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Engine {
  readonly name: 'claude-code' | 'anthropic-api';
  /** What pays: an API key, or a login of Claude Code. Absent where it makes no difference to requests. */
  readonly login?: 'api-key' | 'subscription';
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
  health(): EngineHealth;
  /** Ends every process and connection. Turns still running fail with `draining`. */
  close(): Promise<void>;
}
